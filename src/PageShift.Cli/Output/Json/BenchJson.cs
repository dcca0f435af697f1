using System.Runtime.InteropServices;
using PageShift.Cli.Measuring;
using PageShift.Linux.Timing;
using PageShift.Measurement;

namespace PageShift.Cli.Output.Json;

/// <summary>The table of <c>bench</c> as JSON, schema 1 (docs/speed.md).</summary>
internal static class BenchJson
{
    internal static void Write(IReadOnlyList<MeasuredRow> rows) => ReportJson.Write(
        new BenchDocument(Schema: 1, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, Environment.ProcessorCount, rows.Select(BenchRow.Of)),
        ReportJson.Default.BenchDocument);
}

/// <summary>The table.</summary>
internal sealed record BenchDocument(int Schema, string Runtime, string System, int Processors, IEnumerable<BenchRow> Rows);

/// <summary>A row.</summary>
internal sealed record BenchRow(string Work, string Against, string Target, BenchQuantity? Ours, BenchQuantity? Other, double? Ratio, bool? Met, string? NotPossible,
    double? OtherProcessors, bool? Busy)
{
    internal static BenchRow Of(MeasuredRow row)
    {
        SpeedResult result = row.Result;
        return new BenchRow(
            result.Row.Work, result.Row.Against, result.Row.Target.ToString(), BenchQuantity.Of(result.Ours), BenchQuantity.Of(result.Other),
            result.Ratio is { } ratio ? Math.Round(ratio, 3) : null, result.IsMet, result.NotPossibleReason, Processors(row.Others), row.Others?.IsBusy);
    }

    /// <summary>Processors that others used, as the JSON has them.</summary>
    internal static double? Processors(OtherWork? others) => others is { } known ? Math.Round(known.Processors, 2) : null;
}

/// <summary>A figure with its unit.</summary>
internal sealed record BenchQuantity(double Value, string Unit)
{
    internal static BenchQuantity? Of(Quantity? quantity) => quantity is { } figure ? new BenchQuantity(Math.Round(figure.Value, 3), ReportJson.NameOf(figure.Unit)) : null;
}
