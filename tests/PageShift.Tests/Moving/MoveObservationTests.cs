using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Moving;

/// <summary>What an observer of moves is shown.</summary>
public sealed class MoveObservationTests
{
    private const ulong Old = 0x8100000;
    private const ulong New = 0x7f00000;
    private static readonly ByteLength Length = new(2UL << 20);

    public static TheoryData<MovePolicy> Policies => [.. MovePolicyName.All];

    [Theory]
    [MemberData(nameof(Policies))]
    public void The_plan_that_is_shown_is_the_plan_that_is_executed(MovePolicy policy)
    {
        ulong sound = EntriesMoved(policy, static _ => { });
        ulong emptied = EntriesMoved(policy, move =>
        {
            MovePlan plan = move.Plan(policy);
            plan.RunList.Clear();
            plan.TablesToAllocate = 0;
            plan.SourceTable = FrameNumber.None;
        });
        ulong othersEmptied = EntriesMoved(policy, move =>
        {
            foreach (MovePolicy other in MovePolicyName.All.Where(p => p != policy))
                move.Plan(other).RunList.Clear();
        });

        Assert.Equal((policy == MovePolicy.PageShift ? 2UL : 512UL, 0UL, sound), (sound, emptied, othersEmptied));
    }

    [Fact]
    public void Each_policy_has_a_plan_of_its_own_which_is_made_once()
    {
        int moves = 0;
        Move(MovePolicy.PageShift, move =>
        {
            MovePlan[] plans = [.. MovePolicyName.All.Select(move.Plan)];
            moves++;

            Assert.Equal(plans, MovePolicyName.All.Select(move.Plan));
            Assert.Equal(MovePolicyName.All, plans.Select(plan => plan.Policy));
            Assert.Equal([512, 512, 512, 512, 2], plans.Select(plan => plan.Cost.Entries));
            Assert.All(plans, plan => Assert.Equal((Old, New), (plan.Request.Old.Value, plan.Request.New.Value)));
        });

        Assert.Equal(1, moves);
    }

    [Fact]
    public void A_move_can_be_looked_at_only_while_its_observer_is_called()
    {
        MoveObservation? kept = null;
        Assert.Throws<FormatException>(() => Move(MovePolicy.PageShift, move =>
        {
            kept = move;
            throw new FormatException();
        }));

        Assert.Throws<InvalidOperationException>(() => kept!.Request);
        Assert.Throws<InvalidOperationException>(() => kept!.Plan(MovePolicy.PageShift));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    public void A_policy_that_does_not_exist_has_no_plan(int policy) =>
        Move(MovePolicy.PageShift, move => Assert.Throws<ArgumentOutOfRangeException>(() => move.Plan((MovePolicy)policy)));

    private static ulong EntriesMoved(MovePolicy policy, Action<MoveObservation> look)
    {
        using AddressSpace space = Move(policy, look);
        return space.LastMoveWork.Entries;
    }

    private static AddressSpace Move(MovePolicy policy, Action<MoveObservation> look)
    {
        var space = new AddressSpace(new AddressSpaceOptions { Policy = policy });
        Assert.False(space.Map(new VirtualAddress(Old), Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate).IsError);
        space.MoveObserver = new Observer(look);
        Assert.Equal(New, space.Remap(new VirtualAddress(Old), Length, Length, RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(New)).Address.Value);
        return space;
    }

    private sealed class Observer(Action<MoveObservation> look) : IMoveObserver
    {
        public void Moving(MoveObservation move) => look(move);
    }
}
