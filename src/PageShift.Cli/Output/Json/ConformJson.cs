using PageShift.Verification.Conformance;

namespace PageShift.Cli.Output.Json;

/// <summary>The results of the conformance suite as JSON, schema 1 (docs/json.md).</summary>
internal static class ConformJson
{
    private const int Schema = 1;

    internal static void Write(string where, string version, IReadOnlyList<ConformanceResult> results, IReadOnlyDictionary<string, ExportedCase> cases) => ReportJson.Write(
        new ConformDocument
        {
            Schema = Schema,
            On = where,
            Version = version,
            Cases = cases.Count,
            Levels = [.. results.GroupBy(result => result.Level).OrderBy(group => group.Key).Select(group => new ConformLevel(
                ConformText.NameOf(group.Key), Count(group, ConformanceOutcome.Passed), Count(group, ConformanceOutcome.Failed), Count(group, ConformanceOutcome.NotApplicable)))],
            Results = [.. results.Select(result => Of(result, cases[result.Case]))],
        },
        ReportJson.Default.ConformDocument);

    private static int Count(IEnumerable<ConformanceResult> results, ConformanceOutcome outcome) => results.Count(result => result.Outcome == outcome);

    private static ConformEntry Of(ConformanceResult result, ExportedCase one) => new()
    {
        Case = result.Case,
        Level = ConformText.NameOf(result.Level),
        Outcome = result.Outcome switch
        {
            ConformanceOutcome.Passed => "passed",
            ConformanceOutcome.Failed => "failed",
            _ => "notApplicable",
        },
        Reason = result.Reason,
        Line = result.Line,
        After = result.After,
        Expected = result.Expected,
        Found = result.Found,
        Rule = result.Outcome == ConformanceOutcome.Failed ? one.Rule : null,
        Source = result.Outcome == ConformanceOutcome.Failed ? one.Source : null,
        Matters = result.Outcome == ConformanceOutcome.Failed ? one.Matters : null,
    };
}

/// <summary>The document.</summary>
internal sealed class ConformDocument
{
    public required int Schema { get; init; }
    public required string On { get; init; }
    public required string Version { get; init; }
    public required int Cases { get; init; }
    public required IReadOnlyList<ConformLevel> Levels { get; init; }
    public required IReadOnlyList<ConformEntry> Results { get; init; }
}

/// <summary>The counts of one level.</summary>
internal sealed record ConformLevel(string Level, int Passed, int Failed, int NotApplicable);

/// <summary>One level of one case.</summary>
internal sealed class ConformEntry
{
    public required string Case { get; init; }
    public required string Level { get; init; }
    public required string Outcome { get; init; }
    public string? Reason { get; init; }
    public string? Line { get; init; }
    public string? After { get; init; }
    public string? Expected { get; init; }
    public string? Found { get; init; }
    public string? Rule { get; init; }
    public string? Source { get; init; }
    public string? Matters { get; init; }
}
