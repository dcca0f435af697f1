using PageShift.Cli.Words;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Moves;

/// <summary>Why a move costs what it costs under each policy, and what would change it, in words. It is made once from the plans; text, JSON and page show it.</summary>
internal sealed class MoveExplanation
{
    /// <param name="places">Where the move goes from and to.</param>
    /// <param name="plans">Its plans.</param>
    internal MoveExplanation(MovePlaces places, IEnumerable<PlannedMove> plans)
    {
        Places = places;
        Policies = [.. plans.Select(plan => PolicyExplanation.Of(places, plan))];
        PageTableLevel useful = places.HighestUseful;
        if (useful > places.Congruence)
            Remedy = $"choose a destination congruent modulo {Describe.Size(places.SpanOf(useful))}, such as {places.NearestCongruent(useful)}";
    }

    /// <summary>Explains the move to a congruent place.</summary>
    /// <param name="forecast">What it would be.</param>
    /// <param name="places">Where the move goes from and to as it was made.</param>
    internal static MoveExplanation Of(CongruentForecast forecast, MovePlaces places) => new(
        places with { Destination = new AddressRange(forecast.Destination, places.Length), Congruence = forecast.Congruence, Neighbours = null }, [forecast.Linux, forecast.PageShift]);

    internal MovePlaces Places { get; }

    /// <summary>One for each plan, in the same order.</summary>
    internal IReadOnlyList<PolicyExplanation> Policies { get; }

    /// <summary>What would let larger entries move whole, under any policy; null when the places allow all that fit into the move.</summary>
    internal string? Remedy { get; }
}

/// <summary>Why one policy moves what it moves.</summary>
/// <param name="Plan">What it moves.</param>
/// <param name="Reason">Why, in a few words.</param>
/// <param name="Boundaries">The decisions about the blocks at both ends, each with its reason, in the plan's order.</param>
/// <param name="Ends">The ends about which there was nothing to decide.</param>
internal sealed record PolicyExplanation(PlannedMove Plan, string Reason, IReadOnlyList<BoundaryExplanation> Boundaries, IReadOnlyList<EndExplanation> Ends)
{
    internal static PolicyExplanation Of(MovePlaces move, PlannedMove plan)
    {
        BoundaryExplanation[] boundaries = [.. plan.Boundaries.Select(decision => BoundaryExplanation.Of(move, plan.Policy, decision))];
        return new PolicyExplanation(plan, MoveReason.Of(move, plan, boundaries), boundaries, [.. EndExplanation.Of(move, plan)]);
    }
}
