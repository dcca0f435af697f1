using System.Text.Json;
using PageShift.Cli.Files;
using PageShift.Moving;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Output.Json;

/// <summary>What a check covered and found as JSON, schema 1 (docs/json.md).</summary>
internal static class CheckJson
{
    private const int Schema = 1;

    internal static void Write(CheckReport report) => ReportJson.Write(
        new CheckDocument
        {
            Schema = Schema,
            Depth = report.Options.Depth,
            Shard = report.Options.ShardIndex + 1,
            Shards = report.Options.ShardCount,
            Merged = report.MergedShards == 0 ? null : report.MergedShards,
            Complete = report.IsComplete,
            Cases = report.Cases,
            States = report.States,
            Seconds = Math.Round(report.Elapsed.TotalSeconds, 3),
            Worlds = [.. report.Worlds.Select(w => new CheckedWorld(w.World, w.Populations, w.Checked, w.Cases, w.Minimal))],
            Counterexample = report.Counterexample is { } c ? new CheckCounterexample(c.World, c.Population, MovePolicyName.Of(c.Policy), c.Failure, c.Log) : null,
        },
        ReportJson.Default.CheckDocument);

    /// <summary>Reads the report that <see cref="Write(CheckReport)"/> has written to a file.</summary>
    /// <exception cref="UsageException">The file holds something else.</exception>
    internal static CheckReport Read(string file)
    {
        using Stream stream = InputFile.Open(file, "a result of 'check --format json'");
        try
        {
            if (JsonSerializer.Deserialize(stream, ReportJson.Default.CheckDocument) is { Schema: Schema, Merged: null } document)
                return Read(document);
        }
        catch (Exception error) when (error is JsonException or OverflowException)
        {
            // Answered below, as a document of another kind is.
        }

        throw new UsageException($"{file}: found no result of 'check --format json' in schema {Schema}");
    }

    private static CheckReport Read(CheckDocument document) => new()
    {
        Options = new CheckOptions { Depth = document.Depth, ShardIndex = document.Shard - 1, ShardCount = document.Shards },
        IsComplete = document.Complete,
        States = document.States,
        Elapsed = TimeSpan.FromSeconds(document.Seconds),
        Worlds = [.. document.Worlds.Select(w => new CheckTotals(w.World, w.Populations) { Checked = w.Checked, Cases = w.Cases, Minimal = w.Minimal })],
        Counterexample = document.Counterexample is { } c ? new Counterexample(c.World, c.Population, PolicyOf(c), c.Failure, c.Log) : null,
    };

    private static MovePolicy PolicyOf(CheckCounterexample found) => MovePolicyName.TryParse(found.Policy, out MovePolicy policy) ? policy : throw new JsonException();
}

/// <summary>A report.</summary>
internal sealed record CheckDocument
{
    public required int Schema { get; init; }

    public required int Depth { get; init; }

    public required int Shard { get; init; }

    public required int Shards { get; init; }

    public int? Merged { get; init; }

    public required bool Complete { get; init; }

    public required long Cases { get; init; }

    public required long States { get; init; }

    public required double Seconds { get; init; }

    public required CheckedWorld[] Worlds { get; init; }

    public CheckCounterexample? Counterexample { get; init; }
}

/// <summary>What was checked of a world.</summary>
internal sealed record CheckedWorld(string World, long Populations, long Checked, long Cases, long Minimal);

/// <summary>The case that failed.</summary>
internal sealed record CheckCounterexample(string World, long Population, string Policy, string Failure, string Log);
