using PageShift.Cli.Moves;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output.Json;

/// <summary>The same move to a congruent destination (docs/json.md).</summary>
internal sealed record PlacementJson(string New, string Congruent, ulong? Pgd, ulong P4d, ulong Pud, ulong Pmd, ulong Pte, IEnumerable<PolicyJson> Policies)
{
    internal static PlacementJson? Of(CongruentForecast? found, MoveExplanation? explanation)
    {
        if (found is not { } forecast || explanation is null)
            return null;
        MoveCost cost = forecast.PageShift.Cost;
        return new PlacementJson(
            forecast.Destination.ToString(), ReportJson.NameOf(forecast.Congruence), PolicyJson.PgdOf(cost), cost.P4d, cost.Pud, cost.Pmd, cost.Pte, PolicyJson.Of(explanation));
    }
}
