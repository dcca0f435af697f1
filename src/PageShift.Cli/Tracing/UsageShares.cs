using PageShift.Abi;
using PageShift.Cli.Words;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.SystemCalls;
using PageShift.Verification.Following;

namespace PageShift.Cli.Tracing;

/// <summary>A part of a program's processor time.</summary>
/// <param name="Name">What it was used for: <c>the program itself</c>, <c>page faults</c>, <c>moves</c>, a system call's name, or <c>other system calls</c>.</param>
/// <param name="Nanoseconds">The time; null where it is not known.</param>
/// <param name="Part">The part of all, from 0 to 1; null where it is not known.</param>
/// <param name="Calls">How many calls, or moves; null for what is none.</param>
/// <param name="Words">How often, in words.</param>
internal sealed record UsageShare(string Name, long? Nanoseconds, double? Part, long? Calls, string Words);

/// <summary>Divides a traced program's processor time. The time of moves is that of the calls, measured one by one; the other parts are samples.</summary>
internal static class UsageShares
{
    internal const string OwnCode = "the program itself";
    internal const string PageFaults = "page faults";
    internal const string Moves = "moves";
    internal const string OtherMemoryCalls = "other memory calls";
    internal const string OtherCalls = "other system calls";
    private const string Move = "mremap";

    internal static IReadOnlyList<UsageShare> Of(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        if (trace.Usage is not { } usage)
            return [];
        SampledTime? sampled = usage.Sampled is { Total: > 0 } some ? some : null;
        long all = ProcessorTimeOf(report);
        var shares = new List<UsageShare>();
        if (sampled is not null)
            shares.Add(Sampled(OwnCode, sampled.OwnCode, sampled, all, null, ""));
        string major = usage.MajorFaults == 0 ? "" : $", {Describe.Number((ulong)usage.MajorFaults)} from a device";
        shares.Add(Sampled(PageFaults, sampled?.Of(KernelEntry.PageFault), sampled, all, null, $"{Describe.Count(Math.Max(0, usage.MinorFaults + usage.MajorFaults), "fault")}{major}"));
        CallTime moves = report.Time.Without(report.Statistics, report.Statistics.Moves);
        if (report.Statistics.Moves != 0)
            shares.Add(new UsageShare(Moves, moves.Processor ?? moves.Elapsed, all == 0 ? null : (moves.Processor ?? moves.Elapsed) / (double)all, report.Statistics.Moves, Describe.Count(report.Statistics.Moves, "move")));
        long named = 0;
        var calls = new List<UsageShare>();
        foreach ((SystemCallNumber number, CallTotals totals) in report.Statistics.Calls)
        {
            string name = NameOf(number);
            long count = sampled?.Of(name) ?? 0;
            named += count;
            if (name != Move)
                calls.Add(Sampled(name, sampled is null ? null : count, sampled, all, totals.Count, CountOf(totals)));
        }

        shares.AddRange(calls.OrderByDescending(c => c.Part ?? 0).ThenBy(c => c.Name, StringComparer.Ordinal));
        if (sampled is not null)
            shares.Add(Sampled(OtherCalls, sampled.Total - sampled.OwnCode - sampled.Of(KernelEntry.PageFault) - named, sampled, all, null, ""));
        return shares;
    }

    /// <summary>The program's processor time, in nanoseconds: without the stops of tracing, where samples tell them apart.</summary>
    internal static long ProcessorTimeOf(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        return trace.Usage?.Sampled is { Total: > 0 } sampled
            ? (long)(trace.ProcessorNanoseconds * (double)sampled.Total / (sampled.Total + sampled.Of(KernelEntry.Tracing)))
            : trace.ProcessorNanoseconds;
    }

    /// <summary>The kernel's name of a memory call.</summary>
    internal static string NameOf(SystemCallNumber number) => SystemCallTable.Find(number)?.Name ?? number.ToString();

    private static string CountOf(CallTotals totals) =>
        $"{Describe.Count(totals.Count, "call")}{(totals.Errors == 0 ? "" : $", {Describe.Count(totals.Errors, "error")}")}";

    private static UsageShare Sampled(string name, long? samples, SampledTime? sampled, long all, long? calls, string words)
    {
        double? part = samples is { } found && sampled is not null ? Math.Max(0, found) / (double)sampled.Total : null;
        return new UsageShare(name, part is { } known ? (long)(known * all) : null, part, calls, words);
    }
}
