using PageShift.Abi;
using PageShift.Moving;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.AllocationFailure;

/// <summary>Memory runs out at each allocation of each operation, one after the other, until it suffices.</summary>
public sealed class AllocationFailureTests
{
    private const int MostAllocations = 3000;

    public static TheoryData<string, MovePolicy> Operations
    {
        get
        {
            var data = new TheoryData<string, MovePolicy>();
            foreach (FailingOperation operation in FailingOperation.All)
            {
                foreach (MovePolicy policy in MovePolicyName.All)
                {
                    if (policy == MovePolicy.PageShift || operation.Moves.Length != 0)
                        data.Add(operation.Name, policy);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_failing_allocation_loses_no_byte_and_ends_as_in_Linux(string name, MovePolicy policy)
    {
        FailingOperation operation = FailingOperation.All.Single(one => one.Name == name);
        int failures = 0;
        for (int allowed = 0; ; allowed += allowed < 40 ? 1 : 37)
        {
            using var space = new ShortSpace(policy);
            operation.Before(space);
            List<(ulong, ulong, VmFlags)> before = space.Mapped();
            space.Memory.AllocationsUntilFailure = allowed;
            string outcome = operation.Run(space);
            bool hadEnough = space.Memory.AllocationsUntilFailure > 0;
            space.Memory.AllocationsUntilFailure = -1;

            space.Verify();
            bool isDone = outcome == "done";
            if (!isDone && operation.Extent == ChangedExtent.Nothing)
                Assert.Equal(before, space.Mapped());
            AssertNoByteIsLost(space, operation, hasMoved: isDone);
            space.Verify(); // reading may have brought pages in
            if (hadEnough)
            {
                Assert.Equal("done", outcome);
                break;
            }

            Assert.True(isDone || outcome == operation.Failure, $"{name} with {allowed} allocations ended with {outcome}");
            failures += isDone && operation.Failure != "done" ? 0 : 1;
            AssertSucceedsNow(space, operation, isDone);
            Assert.True(allowed < MostAllocations);
        }

        Assert.True(failures > 0, $"{name} never failed");
    }

    /// <summary>Once there is memory, the same operation succeeds, and still no byte is lost. (Where a part has moved, its source is no longer there.)</summary>
    private static void AssertSucceedsNow(ShortSpace space, FailingOperation operation, bool isDone)
    {
        if (isDone || (operation.Moves.Length != 0 && operation.Extent == ChangedExtent.Part))
            return;
        Assert.Equal("done", operation.Run(space));
        space.Verify();
        AssertNoByteIsLost(space, operation, hasMoved: true);
    }

    private static void AssertNoByteIsLost(ShortSpace space, FailingOperation operation, bool hasMoved)
    {
        foreach (ulong page in space.Stamps.Keys)
        {
            bool moves = page - operation.Moves.Start < operation.Moves.Length;
            bool mayBeGone = page - operation.Takes.Start < operation.Takes.Length;
            bool isThere = !(moves && hasMoved) && space.Holds(page, page);
            bool isAtDestination = moves && (operation.Moves.Delta == FailingOperation.AnyDelta ? IsAnywhere(space, page) : space.Holds(unchecked(page + operation.Moves.Delta), page));
            bool mayBeThere = operation.Extent == ChangedExtent.Part || !hasMoved || !moves;
            Assert.True((isThere && mayBeThere) || isAtDestination || mayBeGone, $"{operation.Name}: the page at 0x{page:x} is lost");
        }
    }

    private static bool IsAnywhere(ShortSpace space, ulong page) =>
        space.Space.GetLeaves(new AddressRange(VirtualAddress.Zero, space.Space.Geometry.UserLimit)).Any(leaf => space.Holds(leaf.Start.Value, page));
}
