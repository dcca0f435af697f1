using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
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
        bool hasLargePages = false;
        List<ModelWorld> compared = [.. worlds[1..]];
        try
        {
            foreach (ModelStep step in steps)
            {
                if (worlds[0].Resolve(step) is not { } call)
                    continue;
                hasLargePages |= call.Kind == SystemCallNumber.Advise && (Advice)call.Arguments.Third is Advice.HugePage or Advice.Collapse;
                foreach (ModelWorld world in worlds)
                    world.Run(call);
                compared.RemoveAll(world => hasLargePages && HaveParted(worlds[0], world));
                foreach (ModelWorld world in compared)
                    Compare(worlds[0], world, hasLargePages);
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

    /// <summary>True when a fault brought in a large page, and with it the mapping's identity, in one world and a page of zeroes in the other: as <see cref="LeafComparison"/> says, that depends on a table which one
    /// policy leaves. What merges with what, and all that follows, may differ from then on (on Linux as here); each world still has its oracle.</summary>
    private static bool HaveParted(ModelWorld one, ModelWorld other)
    {
        for (int i = 0; i < one.Processes.Count; i++)
        {
            IReadOnlyList<Mapping> left = one.Processes[i].Space.GetMappings(), right = other.Processes[i].Space.GetMappings();
            if (left.Count == right.Count && left.Zip(right).Any(pair => pair.First.Range == pair.Second.Range && pair.First.Anon.IsNone != pair.Second.Anon.IsNone))
                return true;
        }

        return false;
    }

    private static void Compare(ModelWorld expected, ModelWorld actual, bool hasLargePages)
    {
        for (int i = 0; i < expected.Processes.Count; i++)
        {
            AddressSpace left = expected.Processes[i].Space;
            AddressSpace right = actual.Processes[i].Space;
            var everything = new AddressRange(VirtualAddress.Zero, left.Geometry.UserLimit);
            if (!left.GetMappings().Select(Comparable).SequenceEqual(right.GetMappings().Select(Comparable)))
                throw new OracleMismatchException($"Mappings differ:\n{string.Join('\n', left.GetMappings())}\nunder {right.Policy}\n{string.Join('\n', right.GetMappings())}");
            new LeafComparison(left.Geometry, expected.Memory, actual.Memory, hasLargePages).Compare(LeavesOf(left, everything), LeavesOf(right, everything));
        }
    }

    private static List<Leaf> LeavesOf(AddressSpace space, AddressRange range) => [.. space.GetLeaves(range).Select(leaf => new Leaf(leaf.Start, leaf.Level, leaf.Entry))];

    /// <summary>All of a mapping but the file, which is another one in each world.</summary>
    private static (AddressRange Range, VmFlags Flags, MemoryObjectKind? Kind, PageCount PageOffset, AnonIdentity Anon) Comparable(Mapping mapping) =>
        (mapping.Range, mapping.Flags, mapping.File?.Object.Kind, mapping.PageOffset, mapping.Anon);
}
