using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Moves;

/// <summary>Why a policy moves what it moves, in a few words.</summary>
internal static class MoveReason
{
    internal static string Of(MovePlaces move, PlannedMove policy, IReadOnlyList<BoundaryExplanation> boundaries)
    {
        if (policy.Cost.Entries == 0)
            return "no page is present";
        if (policy.Policy != MovePolicy.PageShift && move.TableMoves.HighestUnder(policy.Policy) == PageTableLevel.Pte)
            return policy.Cost.Pte == policy.Cost.Entries ? "PTEs only" : "PTEs, and large pages whole";
        if (policy.Cost.Warned)
            return "warns: an empty table is in the destination's slot";
        if (move.Congruence == PageTableLevel.Pte)
            return "not congruent";
        if (policy.Policy == MovePolicy.Linux67 && move.KeepsTables)
            return "registered with a userfaultfd: no table moves";
        return policy.Policy == MovePolicy.PageShift ? OfBothEnds(move, policy, boundaries) : OfStart(move, policy, boundaries);
    }

    /// <summary>Linux, which from 6.7 on expands the start of a move.</summary>
    private static string OfStart(MovePlaces move, PlannedMove policy, IReadOnlyList<BoundaryExplanation> boundaries)
    {
        if (boundaries.Count == 0)
            return OfAlignment(move, policy);
        if (boundaries[0].Decision.Outcome != BoundaryOutcome.Expanded)
            return $"start not expanded: {boundaries[0].Brief}";
        string end = policy.Cost.Pte != 0 ? "; the end is never expanded" : "";
        return $"start expanded: {policy.ExpandedSource.Start}, {Describe.Size(policy.ExpandedSource.Length.Value)}{end}";
    }

    /// <summary>A policy that moves whole entries where both places are aligned to them.</summary>
    private static string OfAlignment(MovePlaces move, PlannedMove policy)
    {
        PageTableLevel highest = policy.Policy == MovePolicy.PageShift ? move.Congruence : move.TableMoves.HighestUnder(policy.Policy);
        if (highest > move.Congruence)
            highest = move.Congruence;
        AddressRange source = move.Source;
        ByteLength span = move.SpanOf(highest);
        bool startsInside = !source.Start.IsAligned(span);
        bool endsInside = !source.End.IsAligned(span);
        VirtualAddress firstBlock = source.Start.AlignUp(span);
        if (firstBlock >= source.End || source.End - firstBlock < span)
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

    private static string OfBothEnds(MovePlaces move, PlannedMove policy, IReadOnlyList<BoundaryExplanation> boundaries)
    {
        string expanded = $"{policy.ExpandedSource.Start}, {Describe.Size(policy.ExpandedSource.Length.Value)}";
        string start = OfEnd(boundaries, MoveEnd.Start);
        string end = OfEnd(boundaries, MoveEnd.End);
        if (start.Length == 0 && end.Length == 0)
            return OfAlignment(move, policy);
        if (start == end)
            return start == "expanded" ? $"both ends expanded: {expanded}" : $"both ends {start}";
        if (start.Length == 0)
            return end == "expanded" ? $"end expanded: {expanded}" : $"end {end}";
        if (end.Length == 0)
            return start == "expanded" ? $"start expanded: {expanded}" : $"start {start}";
        return $"start {start}; end {end}";
    }

    /// <summary>What became of one end, "expanded" when all went well; empty when it stands on a boundary, or nothing is beside it.</summary>
    private static string OfEnd(IReadOnlyList<BoundaryExplanation> boundaries, MoveEnd end)
    {
        string? refused = null;
        foreach ((BoundaryDecision decision, string brief, _, _) in boundaries)
        {
            if (decision.End != end || decision.Outcome == BoundaryOutcome.NothingThere)
                continue;

            // From the highest level down: what was refused higher up is why this one is no higher.
            if (decision.Outcome == BoundaryOutcome.Expanded)
                return refused is null ? brief : $"{brief} to a {Describe.Level(decision.Level)} only: {refused}";
            refused ??= brief;
        }

        return refused is null ? "" : $"not expanded: {refused}";
    }
}
