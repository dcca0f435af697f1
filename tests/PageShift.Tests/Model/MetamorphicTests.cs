using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Verification.Oracle;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>The same random calls under all five policies: how entries move must make no difference to what is mapped where, and each plan must cost what it said.</summary>
public sealed class MetamorphicTests
{
    private static readonly PageTableLevel[] Boundaries = [PageTableLevel.Pmd, PageTableLevel.Pud];

    [Fact]
    public void All_policies_leave_the_same_mappings_translations_and_bytes_on_x86()
    {
        var totals = new MoveTotals();
        ModelRun.Sample(40, 60, steps => RunSteps(PagingGeometry.X86, steps, totals));

        // The sequences are worth running only if they reach what they are for.
        foreach (PageTableLevel level in Boundaries)
        {
            foreach (MoveEnd end in Enum.GetValues<MoveEnd>())
            {
                foreach (BoundaryOutcome outcome in new[] { BoundaryOutcome.Expanded, BoundaryOutcome.EntryInSource })
                    Assert.True(Count(end, level, outcome) > 0, $"No {end} {level} {outcome} in\n{totals}");
            }

            // Rarer; CanaryTests has it at each end of each level.
            Assert.True(Enum.GetValues<MoveEnd>().Sum(end => Count(end, level, BoundaryOutcome.EntryInDestination)) > 0, $"No {level} {BoundaryOutcome.EntryInDestination} in\n{totals}");
        }

        long Count(MoveEnd end, PageTableLevel level, BoundaryOutcome outcome) => (long)totals[$"{MovePolicy.PageShift} {end} {level} {outcome}"];
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 1)]
    public void All_policies_leave_the_same_mappings_translations_and_bytes_in_small_worlds(int levels, int indexBits) =>
        ModelRun.Sample(60, 80, steps => RunSteps(PagingGeometry.Toy(levels, indexBits), steps, new MoveTotals()));

    private static ModelFailure? RunSteps(PagingGeometry geometry, ModelStep[] steps, MoveTotals totals)
    {
        ModelWorld[] worlds = [.. MovePolicyName.All.Select(policy => new ModelWorld(geometry, policy))];
        try
        {
            foreach (ModelStep step in steps)
            {
                if (worlds[0].Resolve(step) is not { } call)
                    continue;
                foreach (ModelWorld world in worlds)
                    world.Run(call);
                foreach (ModelWorld world in worlds[1..])
                    Compare(worlds[0], world);
            }

            foreach (ModelProcess process in worlds.SelectMany(world => world.Processes))
                totals.AddAll(process.Watch.Totals);
            return null;
        }
        catch (Exception cause)
        {
            return new ModelFailure(cause, worlds[0].Log);
        }
        finally
        {
            foreach (ModelWorld world in worlds)
                world.Dispose();
        }
    }

    private static void Compare(ModelWorld expected, ModelWorld actual)
    {
        for (int i = 0; i < expected.Processes.Count; i++)
        {
            AddressSpace left = expected.Processes[i].Space;
            AddressSpace right = actual.Processes[i].Space;
            var everything = new AddressRange(VirtualAddress.Zero, left.Geometry.UserLimit);
            if (!left.GetMappings().Select(Comparable).SequenceEqual(right.GetMappings().Select(Comparable)))
                throw new OracleMismatchException($"Mappings differ:\n{string.Join('\n', left.GetMappings())}\nunder {right.Policy}\n{string.Join('\n', right.GetMappings())}");
            CompareLeaves(expected.Memory, LeavesOf(left, everything), actual.Memory, LeavesOf(right, everything), left.Geometry);
        }
    }

    private static List<Leaf> LeavesOf(AddressSpace space, AddressRange range) => [.. space.GetLeaves(range).Select(leaf => new Leaf(leaf.Start, leaf.Level, leaf.Entry))];

    /// <summary>Compares page by page. Of a large leaf that one policy moved whole, another may have had to make small ones: the stack move of older releases finds an empty table in the
    /// slot that it is to go to. The translations are the same then, but the processor keeps accessed and dirty bits for each leaf.</summary>
    private static void CompareLeaves(PhysicalMemory leftMemory, IReadOnlyList<Leaf> left, PhysicalMemory rightMemory, IReadOnlyList<Leaf> right, PagingGeometry geometry)
    {
        ulong done = 0; // of both leaves that are being compared, which end together or one after the other
        int l = 0, r = 0;
        while (l < left.Count && r < right.Count)
        {
            Leaf one = left[l], other = right[r];
            VirtualAddress from = Later(one.Start, other.Start);
            ulong leftEnd = one.Start.Value + geometry.Span(one.Level), rightEnd = other.Start.Value + geometry.Span(other.Level);
            bool continues = from.Value <= done;
            if ((!continues && one.Start != other.Start) || !AreAlike(leftMemory, one, rightMemory, other))
                throw new OracleMismatchException($"Leaf {l} is {one} and {other}.");
            done = Math.Min(leftEnd, rightEnd);
            l += leftEnd == done ? 1 : 0;
            r += rightEnd == done ? 1 : 0;
        }

        if (l < left.Count || r < right.Count)
            throw new OracleMismatchException($"Leaf {l} is {(l < left.Count ? left[l] : "none")} and {(r < right.Count ? right[r] : "none")}.");
    }

    private static VirtualAddress Later(VirtualAddress one, VirtualAddress other) => one > other ? one : other;

    private static bool AreAlike(PhysicalMemory leftMemory, in Leaf left, PhysicalMemory rightMemory, in Leaf right)
    {
        ulong ignored = PageTableEntry.FrameMask;
        if (left.Level != right.Level)
            ignored |= PageTableEntry.LargeBit | PageTableEntry.AccessedBit | PageTableEntry.DirtyBit;
        if (left.Entry.Without(ignored) != right.Entry.Without(ignored))
            return false;
        if (!left.Entry.IsMapped)
            return true;
        VirtualAddress from = Later(left.Start, right.Start);
        return leftMemory.Bytes(FrameAt(left, from)).SequenceEqual(rightMemory.Bytes(FrameAt(right, from)));
    }

    private static FrameNumber FrameAt(in Leaf leaf, VirtualAddress address) => new(leaf.Entry.Frame.Value + ((address - leaf.Start).Value >> PageSize.Shift));

    /// <summary>All of a mapping but the file, which is another one in each world.</summary>
    private static (AddressRange Range, Abi.VmFlags Flags, MemoryObjectKind? Kind, PageCount PageOffset, AnonIdentity Anon) Comparable(Mapping mapping) =>
        (mapping.Range, mapping.Flags, mapping.File?.Object.Kind, mapping.PageOffset, mapping.Anon);

    private readonly record struct Leaf(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry);
}
