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

/// <summary>Divides a traced program's processor time into parts that make up one whole. The time of moves is that of the calls, measured one by one; what is left is divided by samples.</summary>
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
        if (report.Result!.Statistics.Usage is not { } usage)
            return [];
        FollowStatistics statistics = report.Statistics;
        var whole = Whole.Of(report);
        SampledTime? sampled = whole.Sampled;
        var shares = new List<UsageShare>();
        if (sampled is not null)
            shares.Add(whole.SampledShare(OwnCode, sampled.OwnCode, null, ""));
        string major = usage.MajorFaults == 0 ? "" : $", {Describe.Number((ulong)usage.MajorFaults)} from a device";
        shares.Add(whole.SampledShare(PageFaults, sampled?.Of(KernelEntry.PageFault), null, $"{Describe.Count(Math.Max(0, usage.MinorFaults + usage.MajorFaults), "fault")}{major}"));
        if (statistics.Moves != 0)
            shares.Add(whole.MoveShare(statistics.Moves));
        IEnumerable<SystemCallNumber> named = statistics.Moves == 0 ? statistics.Calls.Keys : statistics.Calls.Keys.Append(SystemCallNumber.Remap).Distinct();
        long? other = sampled?.Total - sampled?.OwnCode - sampled?.Of(KernelEntry.PageFault) - named.Sum(number => sampled?.Of(NameOf(number)));
        var calls = new List<UsageShare>();
        foreach ((SystemCallNumber number, CallTotals totals) in statistics.Calls)
        {
            string name = NameOf(number);
            bool isMove = number == SystemCallNumber.Remap;
            long count = isMove ? StayingCalls(statistics) : totals.Count;
            if (count == 0)
                continue;
            calls.Add(whole.SampledShare(name, sampled?.Of(name) - (isMove ? whole.MoveSamples : 0), count, isMove && count != totals.Count ? $"{Describe.Count(count, "call")} in place" : CountOf(totals)));
        }

        shares.AddRange(calls.OrderByDescending(c => c.Part ?? 0).ThenBy(c => c.Name, StringComparer.Ordinal));
        if (sampled is not null)
            shares.Add(whole.SampledShare(OtherCalls, other, null, ""));
        return shares;
    }

    /// <summary>The program's processor time, in nanoseconds: without the stops of tracing, where samples tell them apart.</summary>
    internal static long ProcessorTimeOf(TraceReport report)
    {
        var whole = Whole.Of(report);
        return (long)(whole.Part * whole.Nanoseconds);
    }

    /// <summary>The kernel's name of a memory call.</summary>
    internal static string NameOf(SystemCallNumber number) => SystemCallTable.Find(number)?.Name ?? number.ToString();

    private static string CountOf(CallTotals totals) =>
        $"{Describe.Count(totals.Count, "call")}{(totals.Errors == 0 ? "" : $", {Describe.Count(totals.Errors, "error")}")}";

    /// <summary>The calls of mremap that moved nothing. One that moves several mappings counts as several moves.</summary>
    private static long StayingCalls(FollowStatistics statistics) =>
        Math.Max(0, (statistics.Calls.GetValueOrDefault(SystemCallNumber.Remap)?.Count ?? 0) - statistics.Moves);

    /// <summary>What is divided.</summary>
    /// <param name="Nanoseconds">The processor time of all threads, with the stops of tracing.</param>
    /// <param name="Part">The part of it that is the program's, without those stops.</param>
    /// <param name="MovePart">The part of it that the moves took, as they were measured.</param>
    /// <param name="MoveSamples">The samples that were in moves: the measured time stands for them.</param>
    /// <param name="SamplePart">The part of it that each other sample stands for.</param>
    /// <param name="Sampled">The samples; null for none.</param>
    private sealed record Whole(long Nanoseconds, double Part, double MovePart, double MoveSamples, double SamplePart, SampledTime? Sampled)
    {
        internal static Whole Of(TraceReport report)
        {
            TraceStatistics trace = report.Result!.Statistics;
            FollowStatistics statistics = report.Statistics;
            CallTime time = report.Time.Without(statistics, statistics.Moves);
            long all = trace.ProcessorNanoseconds;
            double moves = all == 0 ? 0 : Math.Min(1, (time.Processor ?? time.Elapsed) / (double)all);
            if (trace.Usage?.Sampled is not { Total: > 0 } sampled)
                return new Whole(all, 1, moves, 0, 0, null);
            double samples = sampled.Total + sampled.Of(KernelEntry.Tracing);
            double inMoves = statistics.Moves == 0 ? 0 : sampled.Of(NameOf(SystemCallNumber.Remap));
            if (StayingCalls(statistics) != 0)
                inMoves = Math.Min(inMoves, moves * samples);
            double each = samples > inMoves ? (1 - moves) / (samples - inMoves) : 0;
            return new Whole(all, moves + (each * (sampled.Total - inMoves)), moves, inMoves, each, sampled);
        }

        /// <summary>The share of the moves.</summary>
        internal UsageShare MoveShare(long moves) => Share(Moves, Nanoseconds == 0 ? null : MovePart, moves, Describe.Count(moves, "move"));

        /// <summary>The share of what samples found.</summary>
        internal UsageShare SampledShare(string name, double? samples, long? calls, string words) => Share(name, samples * SamplePart, calls, words);

        private UsageShare Share(string name, double? part, long? calls, string words) =>
            new(name, (long?)(part * Nanoseconds), Part == 0 ? null : part / Part, calls, words);
    }
}
