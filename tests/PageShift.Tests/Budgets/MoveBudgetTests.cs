using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Budgets;

/// <summary>What a move may cost, counted and not timed: the plan says it before, and the mover counts the same while it works.</summary>
public class MoveBudgetTests
{
    private const ulong MiB = 1UL << 20;
    private const ulong GiB = 1UL << 30;
    private const RemapFlags Fixed = RemapFlags.MayMove | RemapFlags.Fixed;

    /// <summary>old, new, length; entries, slots visited, slots inspected, tables allocated, tables freed.</summary>
    public static TheoryData<string, ulong, ulong, ulong, MoveBudget> Cases => new()
    {
        { "the email's test program", 0x8100000, 0x7f00000, 2 * MiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 0, Allocated: 0, Freed: 0) },
        { "one level up", 0x1020000000, 0xfe0000000, GiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 0, Allocated: 0, Freed: 0) },
        { "two whole GiB", 0x2040000000, 0x1fc0000000, 2 * GiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 0, Allocated: 0, Freed: 0) },
        { "1 GiB at +512 MiB", (4 * GiB) + (GiB / 2), (12 * GiB) + (GiB / 2), GiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 0, Allocated: 0, Freed: 0) },
        { "1 GiB by one page", 4 * GiB, (12 * GiB) + PageSize.Bytes, GiB, new MoveBudget(Entries: 262144, SlotsVisited: 262144, SlotsInspected: 0, Allocated: 515, Freed: 513) },
        { "one page", 4 * GiB, 12 * GiB, PageSize.Bytes, new MoveBudget(Entries: 1, SlotsVisited: 1, SlotsInspected: 0, Allocated: 0, Freed: 0) },
    };

    /// <summary>The same with mappings, in which no page is present, right below and above source and destination: only the entries tell that nothing lives there.</summary>
    public static TheoryData<string, ulong, ulong, ulong, MoveBudget> CrowdedCases => new()
    {
        { "the email's test program", 0x8100000, 0x7f00000, 2 * MiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 257, Allocated: 0, Freed: 0) },
        { "1 GiB at +512 MiB", (4 * GiB) + (GiB / 2), (12 * GiB) + (GiB / 2), GiB, new MoveBudget(Entries: 2, SlotsVisited: 2, SlotsInspected: 514, Allocated: 0, Freed: 0) },
        { "one page", (4 * GiB) + (2 * PageSize.Bytes), (12 * GiB) + (2 * PageSize.Bytes), PageSize.Bytes, new MoveBudget(Entries: 1, SlotsVisited: 1, SlotsInspected: 1025, Allocated: 0, Freed: 0) },
    };

    [Theory]
    [MemberData(nameof(CrowdedCases))]
    public void A_move_between_mappings_without_pages_costs_what_its_budget_says(string name, ulong old, ulong @new, ulong length, MoveBudget budget)
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        foreach (ulong neighbour in new[] { old - PageSize.Bytes, old + length, @new - PageSize.Bytes, @new + length })
        {
            if (neighbour - old >= length && neighbour - @new >= length)
                Assert.False(space.Map(new VirtualAddress(neighbour), PageSize.Length, Protection.Read, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError, name);
        }

        Measure(space, name, old, @new, length, budget);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_move_costs_what_its_budget_says(string name, ulong old, ulong @new, ulong length, MoveBudget budget)
    {
        using var memory = new PhysicalMemory(PhysicalMemoryOptions.BytesFree);
        using var space = new AddressSpace(memory);
        Measure(space, name, old, @new, length, budget);
    }

    private static void Measure(AddressSpace space, string name, ulong old, ulong @new, ulong length, MoveBudget budget)
    {
        var costs = new LastCost();
        space.MoveObserver = costs;
        Assert.False(space.Map(new VirtualAddress(old), new ByteLength(length), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate).IsError, name);
        ulong flushes = space.TlbFlushes;
        Assert.Equal(@new, space.Remap(new VirtualAddress(old), new ByteLength(length), new ByteLength(length), Fixed, new VirtualAddress(@new)).Address.Value);

        MoveCost planned = costs.Cost;
        MoveCost done = space.LastMoveWork;
        Assert.Equal(budget, new MoveBudget(planned.Entries, planned.SlotsVisited, planned.SlotsInspected, planned.TablesAllocated, planned.TablesFreed));
        Assert.Equal((budget.Entries, budget.Allocated, budget.Freed), (done.Entries, done.TablesAllocated, done.TablesFreed));
        Assert.Equal((planned.SlotsVisited * 24) + (planned.SlotsInspected * 8) + (planned.TablesAllocated * PageSize.Bytes), planned.TableBytes);
        Assert.Equal(1UL, space.TlbFlushes - flushes);
    }

    /// <summary>What a move may cost.</summary>
    public sealed record MoveBudget(ulong Entries, ulong SlotsVisited, ulong SlotsInspected, ulong Allocated, ulong Freed);

    private sealed class LastCost : IMoveObserver
    {
        internal MoveCost Cost { get; private set; }

        public void Moving(MoveObservation move) => Cost = move.Plan(MovePolicy.PageShift).Cost;
    }
}
