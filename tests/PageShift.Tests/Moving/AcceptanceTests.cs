using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Moving;

/// <summary>The two tables of the design, at the level of the page tables: exact, with every page present.</summary>
public sealed class AcceptanceTests
{
    public static TheoryData<string, ulong, ulong, ulong, ulong, ulong, bool> Cases => new()
    {
        { "the stack", 0x1fff000, 0x1dff000, 0x201000, 0x1e00000, 0x400000, true },
        { "the test program", 0x8100000, 0x7f00000, 0x200000, 0x8000000, 0x400000, false },
        { "one level up", 0x1020000000, 0xfe0000000, 0x40000000, 0x1000000000, 0x80000000, false },
        { "GB = 1<<30", 0x2040000000, 0x1fc0000000, 0x80000000, 0x2040000000, 0x80000000, false },
    };

    public static TheoryData<string, string, string> Ladder => new()
    {
        { "the stack", "linux-4.20", "513 PTE" },
        { "the stack", "linux-5.0", "513 PTE, warned" },
        { "the stack", "linux-5.11", "513 PTE, warned" },
        { "the stack", "linux-6.7", "2 PMD" },
        { "the stack", "pageshift", "2 PMD" },
        { "the test program", "linux-4.20", "512 PTE" },
        { "the test program", "linux-5.0", "512 PTE" },
        { "the test program", "linux-5.11", "512 PTE" },
        { "the test program", "linux-6.7", "512 PTE" },
        { "the test program", "pageshift", "2 PMD" },
        { "one level up", "linux-4.20", "262144 PTE" },
        { "one level up", "linux-5.0", "512 PMD" },
        { "one level up", "linux-5.11", "512 PMD" },
        { "one level up", "linux-6.7", "512 PMD" },
        { "one level up", "pageshift", "2 PUD" },
        { "GB = 1<<30", "linux-4.20", "524288 PTE" },
        { "GB = 1<<30", "linux-5.0", "1024 PMD" },
        { "GB = 1<<30", "linux-5.11", "2 PUD" },
        { "GB = 1<<30", "linux-6.7", "2 PUD" },
        { "GB = 1<<30", "pageshift", "2 PUD" },
    };

    [Theory]
    [MemberData(nameof(Ladder))]
    public void Each_generation_moves_what_the_design_says(string name, string policyName, string expected)
    {
        (ulong old, ulong @new, ulong length, bool stack) = Find(name);
        Assert.True(MovePolicyName.TryParse(policyName, out MovePolicy policy));
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(old, length);
        MoveRequest request = world.Request(old, @new, length, stack);

        MovePlan plan = world.Plan(policy, request);
        MoveCost cost = plan.Cost;

        Assert.Equal(expected, Describe(cost));
        Assert.True(world.Mover.TryExecute(plan));
        MoveCost work = world.Mover.Work;
        Assert.Equal(plan.Work.Executed, work);
        world.Tables.Verify();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void PageShift_expands_to_the_ranges_that_the_design_says(string name, ulong old, ulong @new, ulong length, ulong expandedOld, ulong expandedLength, bool stack)
    {
        Assert.NotNull(name);
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(old, length);

        MovePlan plan = world.Plan(MovePolicy.PageShift, world.Request(old, @new, length, stack));

        Assert.Equal(new AddressRange(new VirtualAddress(expandedOld), new ByteLength(expandedLength)), plan.ExpandedSource);
    }

    [Fact]
    public void The_test_program_costs_linux_three_flushes_one_table_made_and_one_freed()
    {
        using var world = new TableWorld(PagingGeometry.X86);
        world.Populate(0x8100000, 0x200000);

        MoveCost cost = world.Plan(MovePolicy.Linux67, world.Request(0x8100000, 0x7f00000, 0x200000)).Cost;

        Assert.Equal((512UL, 1UL, 1UL, 3UL), (cost.SlotsVisited, cost.TablesAllocated, cost.TablesFreed, cost.TlbFlushes));
    }

    internal static string Describe(in MoveCost cost)
    {
        var parts = new List<string>();
        for (PageTableLevel level = PageTableLevel.Pgd; level >= PageTableLevel.Pte; level--)
        {
            if (cost.At(level) != 0)
                parts.Add($"{cost.At(level)} {level.ToString().ToUpperInvariant()}");
        }

        if (cost.Warned)
            parts.Add("warned");
        return string.Join(", ", parts);
    }

    private static (ulong Old, ulong New, ulong Length, bool Stack) Find(string name)
    {
        foreach (TheoryDataRow<string, ulong, ulong, ulong, ulong, ulong, bool> row in Cases)
        {
            (string label, ulong old, ulong @new, ulong length, _, _, bool stack) = row.Data;
            if (label == name)
                return (old, @new, length, stack);
        }

        throw new ArgumentException(name, nameof(name));
    }
}
