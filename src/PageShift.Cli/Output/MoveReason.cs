using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Output;

/// <summary>Why a policy moves what it moves, in a few words.</summary>
internal static class MoveReason
{
    internal static string Of(in MoveRequest move, PageTableLevel congruence, PlannedMove policy, PagingGeometry geometry)
    {
        if (policy.Cost.Entries == 0)
            return "no page is present";
        if (policy.Policy == MovePolicy.Linux420)
            return policy.Cost.Pte == policy.Cost.Entries ? "PTEs only" : "PTEs, and large pages whole";
        if (policy.Cost.Warned)
            return "warns: an empty table is in the destination's slot";
        if (congruence == PageTableLevel.Pte)
            return "not congruent";
        return policy.Policy == MovePolicy.PageShift ? OfBothEnds(move, congruence, policy, geometry) : OfStart(move, congruence, policy, geometry);
    }

    /// <summary>Linux, which from 6.7 on expands the start of a move.</summary>
    private static string OfStart(in MoveRequest move, PageTableLevel congruence, PlannedMove policy, PagingGeometry geometry)
    {
        if (policy.Boundaries.Count == 0)
            return OfAlignment(policy, move.Source, congruence, geometry);
        BoundaryDecision start = policy.Boundaries[0];
        if (start.Outcome != BoundaryOutcome.Expanded)
            return $"start not expanded: {Obstacle(move, start)}";
        string end = policy.Cost.Pte != 0 ? "; the end is never expanded" : "";
        return $"start expanded: {policy.ExpandedSource.Start}, {Describe.Size(policy.ExpandedSource.Length.Value)}{end}";
    }

    /// <summary>A policy that moves whole entries where both places are aligned to them.</summary>
    private static string OfAlignment(PlannedMove policy, AddressRange source, PageTableLevel congruence, PagingGeometry geometry)
    {
        PageTableLevel highest = policy.Policy switch
        {
            MovePolicy.Linux50 => PageTableLevel.Pmd,
            MovePolicy.PageShift => congruence,
            _ => PageTableLevel.Pud,
        };
        if (highest > congruence)
            highest = congruence;
        ulong span = geometry.Span(highest);
        bool startsInside = !source.Start.IsAligned(span);
        bool endsInside = !source.End.IsAligned(span);
        ulong firstBlock = startsInside ? source.Start.AlignDown(span).Value + span : source.Start.Value;
        if (firstBlock >= source.End.Value || source.End.Value - firstBlock < span)
            return $"no aligned {Describe.Size(span)} in the range";
        string whole = $"whole {Describe.Level(highest)}s";
        return (startsInside, endsInside) switch
        {
            (false, false) => whole,
            (true, false) => $"{whole}, smaller at the start",
            (false, true) => $"{whole}, smaller at the end",
            _ => $"{whole}, smaller at both ends",
        };
    }

    private static string OfBothEnds(in MoveRequest move, PageTableLevel congruence, PlannedMove policy, PagingGeometry geometry)
    {
        string expanded = $"{policy.ExpandedSource.Start}, {Describe.Size(policy.ExpandedSource.Length.Value)}";
        string start = OfEnd(move, policy, MoveEnd.Start);
        string end = OfEnd(move, policy, MoveEnd.End);
        if (start.Length == 0 && end.Length == 0)
            return OfAlignment(policy, move.Source, congruence, geometry);
        if (start == end)
            return start == "expanded" ? $"both ends expanded: {expanded}" : $"both ends {start}";
        if (start.Length == 0)
            return end == "expanded" ? $"end expanded: {expanded}" : $"end {end}";
        if (end.Length == 0)
            return start == "expanded" ? $"start expanded: {expanded}" : $"start {start}";
        return $"start {start}; end {end}";
    }

    /// <summary>What became of one end, "expanded" when all went well; empty when it stands on a boundary, or nothing is beside it.</summary>
    private static string OfEnd(in MoveRequest move, PlannedMove policy, MoveEnd end)
    {
        BoundaryDecision? refused = null;
        foreach (BoundaryDecision decision in policy.Boundaries.Where(b => b.End == end && b.Outcome != BoundaryOutcome.NothingThere))
        {
            // From the highest level down: what was refused higher up is why this one is no higher.
            if (decision.Outcome == BoundaryOutcome.Expanded)
                return refused is { } higher ? $"expanded to a {Describe.Level(decision.Level)} only: {Obstacle(move, higher)}" : "expanded";
            refused ??= decision;
        }

        return refused is { } found ? $"not expanded: {Obstacle(move, found)}" : "";
    }

    private static string Obstacle(in MoveRequest move, in BoundaryDecision decision) => decision.Outcome switch
    {
        BoundaryOutcome.NotCongruent => "not congruent",
        BoundaryOutcome.NotAtMappingStart => "not the start of its mapping",
        BoundaryOutcome.TooShort => "it ends before the next boundary",
        BoundaryOutcome.MappingInSource when move.Destination.Contains(decision.Obstacle!.Value) => "its own new mapping is in the way",
        BoundaryOutcome.MappingInDestination when move.Source.Contains(decision.Obstacle!.Value) => "its own old mapping is in the way",
        BoundaryOutcome.MappingInSource => $"mapping at {decision.Obstacle}",
        BoundaryOutcome.MappingInDestination => $"mapping at {decision.Obstacle}, destination",
        BoundaryOutcome.EntryInSource => $"entry at {decision.Obstacle}",
        BoundaryOutcome.EntryInDestination => $"entry at {decision.Obstacle}, destination",
        BoundaryOutcome.LeafIsCut => "a large page is cut",
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision.Outcome, "Not an obstacle."),
    };
}
