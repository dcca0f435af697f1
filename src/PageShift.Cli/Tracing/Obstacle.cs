using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Tracing;

/// <summary>What kept a move from being made with fewer, larger entries.</summary>
internal enum Obstacle
{
    /// <summary>No page was present: nothing had to move.</summary>
    NothingPresent,

    /// <summary>Source and destination differ modulo 2 MiB: no policy can do better there.</summary>
    NotCongruent,

    /// <summary>Something that stays lives in the block at the low end.</summary>
    NeighbourAtStart,

    /// <summary>Something that stays lives in the block at the high end.</summary>
    NeighbourAtEnd,

    /// <summary>The places would allow it, and pageshift does it; the rules of linux-6.7 do not.</summary>
    LinuxRules,
}

/// <summary>Finds what stood in the way of moves.</summary>
internal static class ObstacleOf
{
    internal static IEnumerable<Obstacle> Move(FollowedMove move)
    {
        PlannedMove ours = move.Under(MovePolicy.PageShift);
        if (ours.Cost.Entries == 0)
        {
            yield return Obstacle.NothingPresent;
            yield break;
        }

        if (move.Congruence == PageTableLevel.Pte)
        {
            yield return Obstacle.NotCongruent;
            yield break;
        }

        if (HasNeighbour(ours, MoveEnd.Start))
            yield return Obstacle.NeighbourAtStart;
        if (HasNeighbour(ours, MoveEnd.End))
            yield return Obstacle.NeighbourAtEnd;
        if (move.Under(MovePolicy.Linux67).Cost.Entries > ours.Cost.Entries)
            yield return Obstacle.LinuxRules;
    }

    private static bool HasNeighbour(PlannedMove plan, MoveEnd end) => plan.Boundaries.Any(b => b.End == end
        && b.Outcome is BoundaryOutcome.EntryInSource or BoundaryOutcome.EntryInDestination or BoundaryOutcome.LeafIsCut);
}
