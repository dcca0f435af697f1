using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PageShift.Cli.Files;

namespace PageShift.Cli.Output.Json;

/// <summary>How the documents of docs/json.md, and the data of the page, become JSON: each a record whose parameters are the fields in their order; null is left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunHead))]
[JsonSerializable(typeof(RunMove))]
[JsonSerializable(typeof(TraceHead))]
[JsonSerializable(typeof(TraceMove))]
[JsonSerializable(typeof(TraceComparisonDocument))]
[JsonSerializable(typeof(ExplainDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(ConformDocument))]
[JsonSerializable(typeof(BenchDocument))]
[JsonSerializable(typeof(WalkDocument))]
[JsonSerializable(typeof(TablesDocument))]
[JsonSerializable(typeof(PlansHead))]
[JsonSerializable(typeof(CallsHead))]
[JsonSerializable(typeof(ulong[][]))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>Writes a whole document to standard output.</summary>
    internal static void Write<T>(T document, JsonTypeInfo<T> type)
    {
        using Stream output = StandardStreams.OpenOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
            JsonSerializer.Serialize(json, document, type);
        output.Write("\n"u8);
    }

    /// <summary>The name of a value: "pmd", "notCongruent".</summary>
    internal static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
