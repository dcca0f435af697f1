using System.Runtime.InteropServices;
using PageShift.Measurement;

namespace PageShift.Cli.Output.Json;

/// <summary>The table of <c>bench</c> as JSON, schema 1 (docs/speed.md).</summary>
internal static class BenchJson
{
    internal static void Write(IReadOnlyList<SpeedResult> results) => ReportJson.Write(
        new BenchDocument(Schema: 1, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, Environment.ProcessorCount, results.Select(BenchRow.Of)),
        ReportJson.Default.BenchDocument);
}

/// <summary>The table.</summary>
internal sealed record BenchDocument(int Schema, string Runtime, string System, int Processors, IEnumerable<BenchRow> Rows);

/// <summary>A row.</summary>
internal sealed record BenchRow(string Work, string Against, string Target, BenchQuantity? Ours, BenchQuantity? Other, double? Ratio, bool? Met, string? NotPossible)
{
    internal static BenchRow Of(SpeedResult result) => new(
        result.Row.Work, result.Row.Against, result.Row.Target.ToString(), BenchQuantity.Of(result.Ours), BenchQuantity.Of(result.Other),
        result.Ratio is { } ratio ? Math.Round(ratio, 3) : null, result.IsMet, result.NotPossibleReason);
}

/// <summary>A figure with its unit.</summary>
internal sealed record BenchQuantity(double Value, string Unit)
{
    internal static BenchQuantity? Of(Quantity? quantity) => quantity is { } figure ? new BenchQuantity(Math.Round(figure.Value, 3), ReportJson.NameOf(figure.Unit)) : null;
}
