using PageShift.Cli.Moves;
using PageShift.Moving;
using PageShift.Units;

namespace PageShift.Cli.Output.Json;

/// <summary>What a move costs under a policy, and why (docs/json.md).</summary>
internal sealed record PolicyJson(
    string Policy, ulong? Pgd, ulong P4d, ulong Pud, ulong Pmd, ulong Pte, ulong SlotsVisited, ulong SlotsInspected, ulong TablesAllocated, ulong TablesFreed, ulong TlbFlushes,
    ulong TableBytes, bool Warned, string ExpandedOld, ulong ExpandedLength, string Reason, IEnumerable<BoundaryJson> Boundaries, IEnumerable<EndJson>? Ends)
{
    internal static IEnumerable<PolicyJson> Of(MoveExplanation move) => move.Policies.Select(Of);

    private static PolicyJson Of(PolicyExplanation policy)
    {
        MoveCost cost = policy.Plan.Cost;
        AddressRange expanded = policy.Plan.ExpandedSource;
        return new PolicyJson(
            MovePolicyName.Of(policy.Plan.Policy), PgdOf(cost), cost.P4d, cost.Pud, cost.Pmd, cost.Pte, cost.SlotsVisited, cost.SlotsInspected, cost.TablesAllocated, cost.TablesFreed,
            cost.TlbFlushes, cost.TableBytes, cost.Warned, expanded.Start.ToString(), expanded.Length.Value, policy.Reason, policy.Boundaries.Select(BoundaryJson.Of),
            policy.Ends.Count == 0 ? null : policy.Ends.Select(EndJson.Of));
    }

    /// <summary>The entries of the highest level of five; null in the usual case that there are none.</summary>
    internal static ulong? PgdOf(in MoveCost cost) => cost.Pgd == 0 ? null : cost.Pgd;
}

/// <summary>What was decided about a block at an end of a move.</summary>
internal sealed record BoundaryJson(string End, string Level, string Block, string Outcome, string? Obstacle, string Reason, string? Remedy)
{
    internal static BoundaryJson Of(BoundaryExplanation boundary)
    {
        BoundaryDecision decision = boundary.Decision;
        return new BoundaryJson(
            ReportJson.NameOf(decision.End), ReportJson.NameOf(decision.Level), decision.Block.Start.ToString(), ReportJson.NameOf(decision.Outcome), decision.Obstacle?.ToString(),
            boundary.Reason, boundary.Remedy);
    }
}

/// <summary>Why there was nothing to decide about an end of a move.</summary>
internal sealed record EndJson(string End, string Reason, string? Remedy)
{
    internal static EndJson Of(EndExplanation end) => new(end.End is { } one ? ReportJson.NameOf(one) : "both", end.Reason, end.Remedy);
}
