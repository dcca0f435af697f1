using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Explaining;

/// <summary>What kept a move from being made with fewer, larger entries.</summary>
internal enum MoveObstacle
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

/// <summary>Finds what stood in the way of a move, and says it.</summary>
internal static class MoveObstacles
{
    internal static IEnumerable<MoveObstacle> Of(PageTableLevel congruence, PlannedMove linux, PlannedMove ours)
    {
        if (ours.Cost.Entries == 0)
        {
            yield return MoveObstacle.NothingPresent;
            yield break;
        }

        if (congruence == PageTableLevel.Pte)
        {
            yield return MoveObstacle.NotCongruent;
            yield break;
        }

        if (HasNeighbour(ours, MoveEnd.Start))
            yield return MoveObstacle.NeighbourAtStart;
        if (HasNeighbour(ours, MoveEnd.End))
            yield return MoveObstacle.NeighbourAtEnd;
        if (linux.Cost.Entries > ours.Cost.Entries)
            yield return MoveObstacle.LinuxRules;
    }

    internal static string Words(MoveObstacle obstacle) => obstacle switch
    {
        MoveObstacle.NothingPresent => "no page was present, so nothing had to move",
        MoveObstacle.NotCongruent => "not congruent modulo 2 MiB, so page by page under every policy",
        MoveObstacle.NeighbourAtStart => "something else lives in the block at the start",
        MoveObstacle.NeighbourAtEnd => "something else lives in the block at the end",
        _ => "pageshift moves higher entries than linux-6.7 allows",
    };

    private static bool HasNeighbour(PlannedMove plan, MoveEnd end) => plan.Boundaries.Any(b => b.End == end
        && b.Outcome is BoundaryOutcome.EntryInSource or BoundaryOutcome.EntryInDestination or BoundaryOutcome.LeafIsCut);
}
