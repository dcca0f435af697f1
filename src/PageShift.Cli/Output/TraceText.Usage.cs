using System.Globalization;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;

namespace PageShift.Cli.Output;

/// <content>Where the processor time went, so that nobody improves what does not matter.</content>
internal sealed partial class TraceText
{
    // A memory call that takes less of the processor time has no row of its own.
    private const double LeastPart = 0.001;

    private static readonly TextColumn[] UsageColumns =
    [
        new("where the processor time went", IsNumber: false),
        new("time", IsNumber: true),
        new("share", IsNumber: true),
        new("", IsNumber: false),
    ];

    private void WriteUsage(TraceReport report)
    {
        if (report.Result!.Statistics.Usage is not { } usage)
            return;
        var shares = UsageShares.Of(report);
        _output.Line();
        _output.Table(UsageColumns, [.. Shown(shares).Select(UsageRow)]);
        if (usage.Sampled is null)
            _output.Line($"Where the rest went is not known: {usage.WhyNotSampled}.");
    }

    /// <summary>Memory calls that take next to nothing share a row.</summary>
    private static IEnumerable<UsageShare> Shown(IReadOnlyList<UsageShare> shares)
    {
        UsageShare[] small = [.. shares.Where(s => s.Calls is not null && s.Name != UsageShares.Moves && !(s.Part >= LeastPart))];
        foreach (UsageShare share in shares)
        {
            if (share.Name == UsageShares.OtherCalls && small.Length > 0)
                yield return Together(small);
            if (!small.Contains(share))
                yield return share;
        }

        if (small.Length > 0 && !shares.Any(s => s.Name == UsageShares.OtherCalls))
            yield return Together(small);
    }

    private static UsageShare Together(UsageShare[] small)
    {
        long calls = small.Sum(s => s.Calls!.Value);
        bool isKnown = small.All(s => s.Part is not null);
        return new UsageShare(small.Length == 1 ? small[0].Name : UsageShares.OtherMemoryCalls, isKnown ? small.Sum(s => s.Nanoseconds) : null, isKnown ? small.Sum(s => s.Part) : null, calls, Describe.Count(calls, "call"));
    }

    internal static TextRow UsageRow(UsageShare share) => new(RowTone.Plain,
    [
        share.Name,
        share.Nanoseconds switch { null => "", 0 => "no sample", { } time => KernelText.Time(time) },
        share.Part is > 0 and { } part ? Percent(part) : "",
        share.Words,
    ]);

    /// <summary>A part of one: "31 %", "0.3 %", or less than 0.1 %.</summary>
    internal static string Percent(double part) => part switch
    {
        0 => "0 %",
        < 0.001 => "< 0.1 %",
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.0} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0} %"),
    };
}
