using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Units;

namespace PageShift.Samples;

/// <summary>A first address space: map, write, move, read, and see what the move did.</summary>
internal static class FirstSpace
{
    internal static void Run()
    {
        using var space = new AddressSpace();
        var old = new VirtualAddress(0x8100000);
        var length = new ByteLength(2 << 20);
        space.Map(old, length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        for (ulong at = 0; at < length.Value; at += PageSize.Bytes)
            space.Write(old + new ByteLength(at), at);

        space.MoveObserver = new Printer();
        CallResult moved = space.Remap(old, length, length, RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(0x7f00000));
        Console.WriteLine($"now at {moved.Address}; its last page still holds 0x{space.Read<ulong>(moved.Address + new ByteLength(0x1ff000)):x}");
        Console.WriteLine($"at the old place: {space.Protect(old, length, Protection.Read).Error}");
    }

    private sealed class Printer : IMoveObserver
    {
        public void Moving(MoveObservation move)
        {
            foreach (MovePolicy policy in MovePolicyName.All)
            {
                MoveCost cost = move.Plan(policy).Cost;
                Console.WriteLine($"{MovePolicyName.Of(policy),-10} {cost.Pmd,3} PMD {cost.Pte,4} PTE, {cost.TlbFlushes} flushes");
            }
        }
    }
}
