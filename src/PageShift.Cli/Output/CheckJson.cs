using System.Text.Json;
using PageShift.Verification.Checking;

namespace PageShift.Cli.Output;

/// <summary>What a check covered and found as JSON, schema 1 (docs/json.md); and back, to add up shards.</summary>
internal static class CheckJson
{
    private const int Schema = 1;

    internal static void Write(CheckReport report)
    {
        using Stream output = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    internal static CheckReport Merge(string[] files) => throw new UsageException(files[0]);
}
