using PageShift.Cli.Tracing;
using PageShift.Cli.Words;

namespace PageShift.Cli.Output;

/// <summary>A row of the table of where the processor time went, as text and page show it.</summary>
/// <param name="Name">What it was used for.</param>
/// <param name="Time">How much; empty where that is not known.</param>
/// <param name="Share">The share; empty where that is not known.</param>
/// <param name="Words">How often.</param>
/// <param name="Part">The share as a number, from 0 to 1; null where it is not known.</param>
internal sealed record UsageRow(string Name, string Time, string Share, string Words, double? Part);

/// <summary>Makes these rows.</summary>
internal static class UsageRows
{
    // A memory call that takes less of the processor time has no row of its own.
    private const double LeastPart = 0.001;

    internal static IEnumerable<UsageRow> Of(TraceReport report) => Shown(UsageShares.Of(report)).Select(Of);

    /// <summary>Calls that no sample met took some time, not none.</summary>
    internal static UsageRow Of(UsageShare share) => new(
        share.Name,
        share.Nanoseconds switch { null => "", 0 => "no sample", { } time => KernelText.Time(time) },
        share.Part is > 0 and { } part ? TraceText.Percent(part) : "",
        share.Words,
        share.Part);

    /// <summary>Why the rest is not known; null where it is.</summary>
    internal static string? Unknown(TraceReport report) =>
        report.Result!.Statistics.Usage is { Sampled: null } usage ? $"Where the rest went is not known: {usage.WhyNotSampled}." : null;

    /// <summary>What stands beside the rows: why the rest is not known, or else the time by the clock; null where there are no rows.</summary>
    internal static string? Note(TraceReport report) =>
        report.Result!.Statistics.Usage is { } usage ? Unknown(report) ?? $"{KernelText.Time(usage.ElapsedNanoseconds)} by the clock" : null;

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
}
