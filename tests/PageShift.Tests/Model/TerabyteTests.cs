using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>Moves of a terabyte, in memory whose frames have no content, cost in proportion to what moves.</summary>
public sealed class TerabyteTests
{
    private const ulong GiB = 1UL << 30;
    private const ulong TiB = 1UL << 40;
    private const ulong Entries = TiB / GiB;

    // Congruent modulo 1 GiB, and not modulo 512 GiB: PUD entries are the highest that can move.
    private static readonly VirtualAddress Old = new(4 * TiB);
    private static readonly VirtualAddress New = new((8 * TiB) + (3 * GiB));
    private static readonly ByteLength Length = new(TiB);

    [Fact]
    public void A_full_terabyte_moves_by_its_thousand_entries_and_costs_little_beside_its_tables()
    {
        Assert.SkipWhen(MachineMemory.ReadAvailable().Value < 3 * GiB, "There is too little memory for the page tables of 1 TiB, which take 2 GiB.");

        // Neither is disposed by a walk through a quarter of a billion frames; the memory goes as a whole.
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        long before = ResidentBytes();
        var space = new AddressSpace(memory);
        Assert.Equal(Old, Map(space, Old, MapFlags.Populate).Address);
        Assert.Equal(TiB >> PageSize.Shift, memory.DataFrames);
        long used = ResidentBytes() - before;
        long tables = (long)(memory.TableFrames * PageSize.Bytes);
        Assert.InRange(tables, (long)(TiB >> PageSize.Shift) * 8, (long)(TiB >> PageSize.Shift) * 8 * 101 / 100);
        Assert.InRange(used, tables / 2, tables * 3 / 2);

        var costs = new CostRecorder();
        space.MoveObserver = costs;
        VirtualAddress from = Old;
        VirtualAddress to = New;
        foreach (MovePolicy policy in new[] { MovePolicy.PageShift, MovePolicy.Linux511, MovePolicy.Linux67 })
        {
            space.Policy = policy;
            Assert.Equal(to, Move(space, from, to).Address);
            MoveCost cost = costs.Of(policy);
            Assert.Equal((Entries, Entries), (cost.Pud, cost.Entries));
            Assert.InRange(cost.SlotsVisited, Entries, Entries + 8);
            Assert.InRange(cost.SlotsInspected, 0UL, 8UL);
            Assert.Equal((Entries, Entries), (space.LastMoveWork.Pud, space.LastMoveWork.Entries));
            Assert.Equal(TiB >> PageSize.Shift, memory.DataFrames);
            (from, to) = (to, from);
        }
    }

    [Fact]
    public void A_sparse_terabyte_does_not_visit_tables_that_are_not_there()
    {
        foreach (bool isCongruent in new[] { true, false })
        {
            foreach (MovePolicy policy in MovePolicyName.All)
                AssertVisitsFew(policy, isCongruent ? New : New + PageSize.Length);
        }
    }

    private static void AssertVisitsFew(MovePolicy policy, VirtualAddress to)
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory) { Policy = policy };
        using VirtualProcessor processor = space.CreateProcessor();
        var costs = new CostRecorder();
        space.MoveObserver = costs;
        Assert.Equal(Old, Map(space, Old, MapFlags.None).Address);
        foreach (ulong offset in new ulong[] { 0, (5 * GiB) + PageSize.Bytes, TiB - PageSize.Bytes })
            processor.Touch(Old + new ByteLength(offset), AccessKind.Write);

        // The PUD entries, the PMD entries of three PUDs, the PTEs of three PMDs; Linux looks twice where a piece ends at a boundary of source and of
        // destination. Before 5.11 it looked at the 512 PMD slots of a PUD that is not there.
        ulong most = (2 * Entries) + (3 * ((2 * 512) + 512)) + 16;
        if (policy < MovePolicy.Linux511)
            most += 2 * Entries * 512;
        Assert.Equal(to, Move(space, Old, to).Address);
        AssertCost(costs.Of(policy), most);

        // The way there has left an empty table beside each of the three where it was not congruent: Linux makes one for a piece in which nothing is.
        Assert.Equal(Old, Move(space, to, Old).Address);
        AssertCost(costs.Of(policy), most + (3 * 512));
        AddressSpace.VerifyAll([space], []);

        static void AssertCost(MoveCost cost, ulong most)
        {
            Assert.Equal(3UL, cost.Entries);
            Assert.InRange(cost.SlotsVisited + cost.SlotsInspected, 3UL, most);
        }
    }

    [Fact]
    public void An_untouched_terabyte_costs_nothing_to_move_up_and_down()
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        Assert.Equal(Old, Map(space, Old, MapFlags.None).Address);
        var costs = new CostRecorder();
        space.MoveObserver = costs;

        Assert.Equal(New, Move(space, Old, New).Address);

        MoveCost cost = costs.Of(MovePolicy.PageShift);
        Assert.Equal((0UL, 0UL, 0UL), (cost.Entries, cost.TablesAllocated, cost.TlbFlushes));
        Assert.InRange(cost.SlotsVisited, 0UL, 8UL); // the root's
        Assert.Equal(1UL, memory.TableFrames);
    }

    private static CallResult Map(AddressSpace space, VirtualAddress at, MapFlags flags) =>
        space.Map(at, Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.NoReserve | flags);

    private static CallResult Move(AddressSpace space, VirtualAddress from, VirtualAddress to) =>
        space.Remap(from, Length, Length, RemapFlags.MayMove | RemapFlags.Fixed, to);

    private static long ResidentBytes()
    {
        string[] fields = File.ReadAllText("/proc/self/statm").Split(' ');
        return long.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }

    private sealed class CostRecorder : IMoveObserver
    {
        private readonly Dictionary<MovePolicy, MoveCost> _costs = [];

        public void Moving(MoveObservation move)
        {
            foreach (MovePolicy policy in MovePolicyName.All)
                _costs[policy] = move.Plan(policy).Cost;
        }

        internal MoveCost Of(MovePolicy policy) => _costs[policy];
    }
}
