using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Units;

namespace PageShift.Samples;

/// <summary>Planning a compaction, as a garbage collector or an allocator would: live regions with holes between them are pushed together towards low addresses. In ascending
/// order each goes to where the one before it ended, so none is ever moved onto one that has yet to leave; each place is rounded up so that it is congruent with where the
/// region comes from.</summary>
internal static class Compaction
{
    private const ulong Block = 2 << 20;
    private const ulong Heap = 0x40000000;

    internal static void Run()
    {
        foreach (bool isCongruent in (bool[])[false, true])
        {
            using var space = new AddressSpace();
            List<AddressRange> regions = Fragment(space);
            var total = new Totals();
            space.MoveObserver = total;
            ulong end = Heap;
            foreach (AddressRange region in regions)
            {
                var to = new VirtualAddress(isCongruent ? CongruentAtOrAbove(end, region.Start.Value) : end);
                if (to < region.Start && to + region.Length <= region.Start)
                    _ = space.Remap(region.Start, region.Length, region.Length, RemapFlags.MayMove | RemapFlags.Fixed, to);
                else
                    to = region.Start; // it would overlap itself: it stays
                end = (to + region.Length).Value;
            }

            Console.WriteLine($"{(isCongruent ? "congruent places" : "tight places"),-16}: {total.Moves} moves, the heap ends at 0x{end:x}");
            Console.WriteLine($"                  linux-6.7 {total.Linux.Pmd,4} PMD {total.Linux.Pte,6} PTE    pageshift {total.Own.Pmd,4} PMD {total.Own.Pte,6} PTE");
        }
    }

    private static ulong CongruentAtOrAbove(ulong end, ulong source) => end + ((source - end) & (Block - 1));

    /// <summary>Sixteen regions of 3 to 6 MiB, each behind a hole.</summary>
    private static List<AddressRange> Fragment(AddressSpace space)
    {
        var random = new Random(2023);
        var regions = new List<AddressRange>();
        ulong at = Heap;
        for (int i = 0; i < 16; i++)
        {
            at += (ulong)random.Next(1700, 4000) * PageSize.Bytes;
            var region = new AddressRange(new VirtualAddress(at), new ByteLength((ulong)random.Next(768, 1536) * PageSize.Bytes));
            space.Map(region.Start, region.Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate);
            regions.Add(region);
            at = region.End.Value;
        }

        return regions;
    }

    private sealed class Totals : IMoveObserver
    {
        internal int Moves { get; private set; }

        internal MoveCost Linux { get; private set; }

        internal MoveCost Own { get; private set; }

        public void Moving(MoveObservation move)
        {
            Moves++;
            Linux += move.Plan(MovePolicy.Linux67).Cost;
            Own += move.Plan(MovePolicy.PageShift).Cost;
        }
    }
}
