using System.Globalization;
using PageShift.Cli.Measuring;
using PageShift.Cli.Words;
using PageShift.Linux.Timing;
using PageShift.Measurement;

namespace PageShift.Cli.Output;

/// <summary>The table of <c>bench</c> for people.</summary>
internal static class BenchText
{
    private static readonly TextColumn[] Columns =
    [
        new("work", false), new("ours", true), new("against", false), new("its figure", true), new("ratio", true), new("target", false), new("met", false),
    ];

    internal static void Write(IReadOnlyList<MeasuredRow> rows)
    {
        using var output = TextReport.OnStandardOutput();
        output.Table(Columns, [.. rows.Select(r => ToRow(r.Result))]);
        foreach (SpeedResult result in rows.Select(r => r.Result).Where(r => r.NotPossibleReason is not null))
            output.Line($"not possible here: {result.Row.Work}, against {result.Row.Against}: {result.NotPossibleReason}");
        if (Busy(rows) is { } note)
            output.Line(note);
    }

    /// <summary>What is said when others' work disturbed rows; null when it disturbed none.</summary>
    internal static string? Busy(IReadOnlyList<MeasuredRow> rows)
    {
        MeasuredRow[] disturbed = [.. rows.Where(r => r.WasDisturbed)];
        if (disturbed.Length == 0)
            return null;
        OtherWork most = disturbed.MaxBy(r => r.Others!.Value.Processors).Others!.Value;
        return $"note: the machine was busy during {disturbed.Length} of {Describe.Count(rows.Count, "row")} ({most}{(disturbed.Length == 1 ? "" : " at most")}): the times mean little";
    }

    private static TextRow ToRow(SpeedResult result)
    {
        SpeedRow row = result.Row;
        string met = result.IsMet switch
        {
            true => "yes",
            false => "no",
            null => "not possible here",
        };
        return new TextRow(
            result.IsMet switch { true => RowTone.Good, false => RowTone.Warning, null => RowTone.Plain },
            [row.Work, result.Ours?.ToString() ?? "", row.Against, result.Other?.ToString() ?? "", Ratio(result), row.Target.ToString(), met]);
    }

    private static string Ratio(SpeedResult result) =>
        result.Ratio is not { } ratio || result.Other is null ? ""
        : ratio.ToString(ratio < 10 ? "f2" : ratio < 100 ? "f1" : "f0", CultureInfo.InvariantCulture);
}
