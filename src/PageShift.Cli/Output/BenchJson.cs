using System.Runtime.InteropServices;
using System.Text.Json;
using PageShift.Cli.Files;
using PageShift.Measurement;

namespace PageShift.Cli.Output;

/// <summary>The table of <c>bench</c> as JSON, schema 1 (docs/speed.md).</summary>
internal static class BenchJson
{
    private const int Schema = 1;

    internal static void Write(IReadOnlyList<SpeedResult> results)
    {
        using Stream output = StandardStreams.OpenOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
            json.WriteString("system", RuntimeInformation.OSDescription);
            json.WriteNumber("processors", Environment.ProcessorCount);
            json.WriteStartArray("rows");
            foreach (SpeedResult result in results)
                WriteRow(json, result);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteRow(Utf8JsonWriter json, SpeedResult result)
    {
        json.WriteStartObject();
        json.WriteString("work", result.Row.Work);
        json.WriteString("against", result.Row.Against);
        json.WriteString("target", result.Row.Target.ToString());
        WriteQuantity(json, "ours", result.Ours);
        WriteQuantity(json, "other", result.Other);
        if (result.Ratio is { } ratio)
            json.WriteNumber("ratio", Math.Round(ratio, 3));
        if (result.IsMet is { } isMet)
            json.WriteBoolean("met", isMet);
        if (result.NotPossibleReason is { } reason)
            json.WriteString("notPossible", reason);
        json.WriteEndObject();
    }

    private static void WriteQuantity(Utf8JsonWriter json, string name, Quantity? quantity)
    {
        if (quantity is not { } figure)
            return;
        json.WriteStartObject(name);
        json.WriteNumber("value", Math.Round(figure.Value, 3));
        json.WriteString("unit", JsonNamingPolicy.CamelCase.ConvertName(figure.Unit.ToString()));
        json.WriteEndObject();
    }
}
