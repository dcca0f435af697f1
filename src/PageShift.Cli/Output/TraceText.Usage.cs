using System.Globalization;
using PageShift.Cli.Tracing;

namespace PageShift.Cli.Output;

/// <content>Where the processor time went, so that nobody improves what does not matter.</content>
internal sealed partial class TraceText
{
    private static readonly TextColumn[] UsageColumns =
    [
        new("where the processor time went", IsNumber: false),
        new("time", IsNumber: true),
        new("share", IsNumber: true),
        new("", IsNumber: false),
    ];

    private void WriteUsage(TraceReport report)
    {
        if (report.Result!.Statistics.Usage is null)
            return;
        _output.Line();
        _output.Table(UsageColumns, [.. UsageRows.Of(report).Select(row => new TextRow(RowTone.Plain, [row.Name, row.Time, row.Share, row.Words]))]);
        if (UsageRows.Unknown(report) is { } unknown)
            _output.Line(unknown);
    }

    /// <summary>A part of one: "31 %", "0.3 %", or less than 0.1 %.</summary>
    internal static string Percent(double part) => part switch
    {
        0 => "0 %",
        < 0.001 => "< 0.1 %",
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.0} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0} %"),
    };
}
