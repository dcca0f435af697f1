using System.Text.Json;
using PageShift.Cli.Files;
using PageShift.Moving;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Output;

/// <summary>What a check covered and found as JSON, schema 1 (docs/json.md).</summary>
internal static class CheckJson
{
    private const int Schema = 1;

    internal static void Write(CheckReport report)
    {
        using Stream output = StandardStreams.OpenOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteNumber("depth", report.Options.Depth);
            json.WriteNumber("shard", report.Options.ShardIndex + 1);
            json.WriteNumber("shards", report.Options.ShardCount);
            if (report.MergedShards != 0)
                json.WriteNumber("merged", report.MergedShards);
            json.WriteBoolean("complete", report.IsComplete);
            json.WriteNumber("cases", report.Cases);
            json.WriteNumber("states", report.States);
            json.WriteNumber("seconds", Math.Round(report.Elapsed.TotalSeconds, 3));
            json.WriteStartArray("worlds");
            foreach (CheckTotals world in report.Worlds)
                Write(json, world);
            json.WriteEndArray();
            if (report.Counterexample is { } found)
                Write(json, found);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>Reads the report that <see cref="Write(CheckReport)"/> has written to a file.</summary>
    /// <exception cref="UsageException">The file holds something else.</exception>
    internal static CheckReport Read(string file)
    {
        try
        {
            using Stream stream = InputFile.Open(file, "a result of 'check --format json'");
            using JsonDocument document = JsonDocument.Parse(stream);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new UsageException($"{file}: found no result of 'check --format json' in schema {Schema}");
        }
    }

    private static CheckReport Read(JsonElement json)
    {
        if (json.GetProperty("schema").GetInt32() != Schema || json.TryGetProperty("merged", out _))
            throw new FormatException();
        return new CheckReport
        {
            Options = new CheckOptions
            {
                Depth = json.GetProperty("depth").GetInt32(),
                ShardIndex = json.GetProperty("shard").GetInt32() - 1,
                ShardCount = json.GetProperty("shards").GetInt32(),
            },
            IsComplete = json.GetProperty("complete").GetBoolean(),
            States = json.GetProperty("states").GetInt64(),
            Elapsed = TimeSpan.FromSeconds(json.GetProperty("seconds").GetDouble()),
            Worlds = [.. json.GetProperty("worlds").EnumerateArray().Select(ReadWorld)],
            Counterexample = json.TryGetProperty("counterexample", out JsonElement found) ? ReadCounterexample(found) : null,
        };
    }

    private static CheckTotals ReadWorld(JsonElement json) => new(json.GetProperty("world").GetString()!, json.GetProperty("populations").GetInt64())
    {
        Checked = json.GetProperty("checked").GetInt64(),
        Cases = json.GetProperty("cases").GetInt64(),
        Minimal = json.GetProperty("minimal").GetInt64(),
    };

    private static Counterexample ReadCounterexample(JsonElement json) => new(
        json.GetProperty("world").GetString()!,
        json.GetProperty("population").GetInt64(),
        MovePolicyName.TryParse(json.GetProperty("policy").GetString()!, out MovePolicy policy) ? policy : throw new FormatException(),
        json.GetProperty("failure").GetString()!,
        json.GetProperty("log").GetString()!);

    private static void Write(Utf8JsonWriter json, CheckTotals world)
    {
        json.WriteStartObject();
        json.WriteString("world", world.World);
        json.WriteNumber("populations", world.Populations);
        json.WriteNumber("checked", world.Checked);
        json.WriteNumber("cases", world.Cases);
        json.WriteNumber("minimal", world.Minimal);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Counterexample found)
    {
        json.WriteStartObject("counterexample");
        json.WriteString("world", found.World);
        json.WriteNumber("population", found.Population);
        json.WriteString("policy", MovePolicyName.Of(found.Policy));
        json.WriteString("failure", found.Failure);
        json.WriteString("log", found.Log);
        json.WriteEndObject();
    }
}
