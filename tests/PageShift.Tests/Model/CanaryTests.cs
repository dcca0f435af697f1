using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Oracle;
using Xunit;

namespace PageShift.Tests.Model;

/// <summary>A move that begins and ends in the middle of an entry's span, with a canary, a page of another mapping, in one of the four boundary blocks: it keeps its place and its
/// bytes, whatever the policy, and the plan says that it was the obstacle.</summary>
public sealed class CanaryTests
{
    private const ulong CanaryStamp = 0xca;
    private const ulong Base = 64UL << 30;

    public enum Spot
    {
        SourceBelow,
        SourceAbove,
        DestinationBelow,
        DestinationAbove,
    }

    public static TheoryData<PageTableLevel, Spot, MovePolicy, bool> Cases
    {
        get
        {
            var data = new TheoryData<PageTableLevel, Spot, MovePolicy, bool>();
            foreach (PageTableLevel level in new[] { PageTableLevel.Pmd, PageTableLevel.Pud })
            {
                foreach (Spot spot in Enum.GetValues<Spot>())
                {
                    foreach (MovePolicy policy in MovePolicyName.All)
                    {
                        data.Add(level, spot, policy, true);
                        data.Add(level, spot, policy, false);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_canary_in_a_boundary_block_keeps_its_place_and_stops_the_expansion_there(PageTableLevel level, Spot spot, MovePolicy policy, bool movesUp)
    {
        using var world = new BoundaryWorld(level, policy, movesUp);
        ulong canary = world.Canary(spot);
        world.Map(canary, PageSize.Bytes, Protection.Read | Protection.Write | Protection.Execute);
        world.Write(canary, CanaryStamp);

        world.Move();

        world.AssertMoved();
        Assert.Equal(CanaryStamp, world.Read(canary));
        bool isStart = spot is Spot.SourceBelow or Spot.DestinationBelow;
        BoundaryOutcome stopped = spot is Spot.SourceBelow or Spot.SourceAbove ? BoundaryOutcome.EntryInSource : BoundaryOutcome.EntryInDestination;
        Assert.Equal(
            [(MoveEnd.Start, isStart ? stopped : BoundaryOutcome.Expanded, isStart ? canary : 0), (MoveEnd.End, isStart ? BoundaryOutcome.Expanded : stopped, isStart ? 0 : canary)],
            world.Decisions(MovePolicy.PageShift).Where(decision => decision.Level == level).Select(decision => (decision.End, decision.Outcome, decision.Obstacle?.Value ?? 0)));
        Assert.Equal(2UL, world.Cost(MovePolicy.PageShift).At(level));
        AssertLinux67(world, level, spot, canary);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_mapping_without_pages_in_a_boundary_block_stops_linux_and_not_pageshift(PageTableLevel level, Spot spot, MovePolicy policy, bool movesUp)
    {
        using var world = new BoundaryWorld(level, policy, movesUp);
        ulong canary = world.Canary(spot);
        world.Map(canary, PageSize.Bytes, Protection.Read | Protection.Write | Protection.Execute);

        world.Move();

        world.AssertMoved();
        Assert.All(world.Decisions(MovePolicy.PageShift), decision => Assert.Equal(BoundaryOutcome.Expanded, decision.Outcome));
        Assert.Equal(3UL, world.Cost(MovePolicy.PageShift).At(level));
        Assert.Equal(3UL, world.Cost(MovePolicy.PageShift).Entries);
        AssertLinux67(world, level, spot, canary);
        world.Write(canary, CanaryStamp); // it is still mapped, and faults in where it was
        Assert.Equal(CanaryStamp, world.Read(canary));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_guard_page_is_an_entry_like_any_other(PageTableLevel level, Spot spot, MovePolicy policy, bool movesUp)
    {
        using var world = new BoundaryWorld(level, policy, movesUp);
        ulong canary = world.Canary(spot);
        world.Map(canary, PageSize.Bytes, Protection.Read);
        Assert.Equal(CallResult.Success, world.Space.Advise(new VirtualAddress(canary), PageSize.Length, Advice.GuardInstall));

        world.Move();

        world.AssertMoved();
        Assert.Single(world.Decisions(MovePolicy.PageShift), decision => decision.Obstacle?.Value == canary);
        Assert.Equal(Translation.AccessFault.GuardPage, world.Space.TryRead(new VirtualAddress(canary), new byte[1], out _));
    }

    /// <summary>Linux 6.7 looks at mappings, below the start only, and at PMDs only.</summary>
    private static void AssertLinux67(BoundaryWorld world, PageTableLevel level, Spot spot, ulong canary)
    {
        (BoundaryOutcome, ulong)[] expected = (level, spot) switch
        {
            (PageTableLevel.Pud, _) => [], // the start is aligned to a PMD
            (_, Spot.SourceBelow) => [(BoundaryOutcome.MappingInSource, canary)],
            (_, Spot.DestinationBelow) => [(BoundaryOutcome.MappingInDestination, canary)],
            _ => [(BoundaryOutcome.Expanded, 0)],
        };
        Assert.Equal(expected, world.Decisions(MovePolicy.Linux67).Select(decision => (decision.Outcome, decision.Obstacle?.Value ?? 0)));
        foreach (MovePolicy older in new[] { MovePolicy.Linux420, MovePolicy.Linux50, MovePolicy.Linux511 })
            Assert.Empty(world.Decisions(older));
    }

    /// <summary>A mapping of half an entry's span, a whole one, and half a one, some pages of each touched, that moves by eight spans.</summary>
    private sealed class BoundaryWorld : IDisposable, IMoveObserver
    {
        private readonly Dictionary<MovePolicy, (MoveCost Cost, BoundaryDecision[] Boundaries)> _plans = [];
        private readonly ulong _span;
        private readonly ulong _old;
        private readonly ulong _new;
        private readonly ulong[] _touched;

        internal BoundaryWorld(PageTableLevel level, MovePolicy policy, bool movesUp)
        {
            _span = PagingGeometry.X86.Span(level).Value;
            _old = Base + (_span / 2);
            _new = movesUp ? _old + (8 * _span) : _old - (8 * _span);
            Space = new AddressSpace(new AddressSpaceOptions { Policy = policy }) { MoveObserver = this };
            ulong[] offsets = [0, PageSize.Bytes, (_span / 2) - PageSize.Bytes, _span / 2, _span, (3 * _span / 2) - PageSize.Bytes, 3 * _span / 2, (2 * _span) - PageSize.Bytes];
            _touched = offsets;
            Map(_old, 2 * _span, Protection.Read | Protection.Write);
            foreach (ulong offset in _touched)
                Write(_old + offset, StampOf(offset));
        }

        internal AddressSpace Space { get; }

        public void Dispose() => Space.Dispose();

        public void Moving(MoveObservation move)
        {
            foreach (MovePolicy policy in MovePolicyName.All)
            {
                MovePlan plan = move.Plan(policy);
                _plans.Add(policy, (plan.Cost, [.. plan.Boundaries]));
            }
        }

        internal MoveCost Cost(MovePolicy policy) => _plans[policy].Cost;

        internal BoundaryDecision[] Decisions(MovePolicy policy) => _plans[policy].Boundaries;

        /// <summary>The outermost page of a boundary block.</summary>
        internal ulong Canary(Spot spot) => spot switch
        {
            Spot.SourceBelow => _old - (_span / 2),
            Spot.SourceAbove => _old + (5 * _span / 2) - PageSize.Bytes,
            Spot.DestinationBelow => _new - (_span / 2),
            _ => _new + (5 * _span / 2) - PageSize.Bytes,
        };

        internal void Map(ulong start, ulong length, Protection protection) => Assert.Equal(
            new VirtualAddress(start),
            Space.Map(new VirtualAddress(start), new ByteLength(length), protection, MapFlags.Private | MapFlags.Anonymous | MapFlags.FixedNoReplace).Address);

        internal void Write(ulong page, ulong stamp)
        {
            byte[] bytes = new byte[PageSize.Bytes];
            PageStamp.Fill(bytes, stamp);
            Space.Write(new VirtualAddress(page), bytes);
        }

        /// <summary>The stamp of a page, of which every byte is looked at.</summary>
        internal ulong Read(ulong page)
        {
            byte[] bytes = new byte[PageSize.Bytes];
            Space.Read(new VirtualAddress(page), bytes);
            ulong stamp = BitConverter.ToUInt64(bytes);
            Assert.True(PageStamp.Matches(bytes, stamp));
            return stamp;
        }

        internal void Move()
        {
            CallResult moved = Space.Remap(
                new VirtualAddress(_old), new ByteLength(2 * _span), new ByteLength(2 * _span), RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(_new));
            Assert.Equal(new VirtualAddress(_new), moved.Address);
        }

        internal void AssertMoved()
        {
            AddressSpace.VerifyAll([Space], []);
            var source = new AddressRange(new VirtualAddress(_old), new ByteLength(2 * _span));
            Assert.Empty(Space.GetLeaves(source));
            var destination = new AddressRange(new VirtualAddress(_new), new ByteLength(2 * _span));
            Assert.Equal(_touched.Select(offset => new VirtualAddress(_new + offset)), Space.GetLeaves(destination).Select(leaf => leaf.Start));
            foreach (ulong offset in _touched)
                Assert.Equal(StampOf(offset), Read(_new + offset));
        }

        private static ulong StampOf(ulong offset) => (offset << 4) | 0x5;
    }
}
