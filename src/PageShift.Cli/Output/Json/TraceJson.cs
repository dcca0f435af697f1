using PageShift.Calls.Execution;
using PageShift.Cli.Tracing;
using PageShift.Linux.Tracing;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output.Json;

/// <summary>The report of <c>trace</c> as JSON, schema 1 (docs/json.md).</summary>
internal sealed class TraceJson(Stream output, bool isIndented = true) : ITraceOutput
{
    private readonly JsonSpool _moves = new("moves", isIndented);

    public void Dispose() => _moves.Dispose();

    public void Add(TracedMove move) => _moves.Add(TraceMove.Of(move), ReportJson.Default.TraceMove);

    public void Finish(TraceReport report) => Write(report, output);

    /// <summary>Writes everything to a stream of the caller's.</summary>
    internal void Write(TraceReport report, Stream to) => _moves.Finish(to, TraceHead.Of(report), ReportJson.Default.TraceHead);
}

/// <summary>What comes before the moves.</summary>
internal sealed record TraceHead(
    int Schema, IEnumerable<string> Command, int? Attached, bool? Detached, int ExitCode, int? Signal, long Processes, long Threads, long Programs, long Calls, TraceUsage? Usage, double? OtherProcessors, bool? Busy,
    IEnumerable<string> UnprivilegedPrograms, long DivergenceCount,
    IEnumerable<TraceDivergence> Divergences, TraceFollowing Following, TracePlaced? Placement, RunKernel? Kernel, string? WhyNotCounted, IEnumerable<TraceSite> Sites)
{
    internal static TraceHead Of(TraceReport report)
    {
        TraceResult result = report.Result!;
        TraceStatistics trace = result.Statistics;
        return new TraceHead(
            Schema: 1, report.Settings.Command, report.Settings.Process, report.Settings.Process is null ? null : result.Outcome == TraceOutcome.Detached, result.Status.ShellStatus, result.Status.IsKilled ? result.Status.Signal : null, trace.Processes, trace.Threads, trace.Programs,
            trace.CompletedCalls, TraceUsage.Of(report), BenchRow.Processors(report.Others), report.Others?.IsBusy, trace.UnprivilegedPrograms, report.Statistics.Divergences, report.Divergences.Select(TraceDivergence.Of), TraceFollowing.Of(report.Statistics), TracePlaced.Of(report), RunKernel.Of(report.Settings.Kernel, report.Kernel, null), report.Statistics.WhyNotCounted ?? report.Settings.WhyNoKernel,
            report.Sites.OrderByDescending(s => s.LinuxEntries).Select(TraceSite.Of));
    }
}

/// <summary>What the program used.</summary>
internal sealed record TraceUsage(long Nanoseconds, long ProcessorNanoseconds, long MinorFaults, long MajorFaults, long? Samples, long? LostSamples, string? WhyNotSampled, IEnumerable<TraceShare> Shares)
{
    internal static TraceUsage? Of(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        return trace.Usage is not { } usage
            ? null
            : new TraceUsage(usage.ElapsedNanoseconds, trace.ProcessorNanoseconds, usage.MinorFaults, usage.MajorFaults, usage.Sampled?.Total, usage.Sampled?.Lost,
                usage.Sampled is null ? usage.WhyNotSampled : null, UsageShares.Of(report).Select(s => new TraceShare(s.Name, s.Nanoseconds, s.Part, s.Calls)));
    }
}

/// <summary>A part of the processor time.</summary>
internal sealed record TraceShare(string Name, long? Nanoseconds, double? Part, long? Calls);

/// <summary>A place on a stack.</summary>
internal sealed record TraceFrame(string? Function, string Place, string? Source, int? Line)
{
    internal static IEnumerable<TraceFrame>? Of(CallStack? stack) =>
        stack?.Frames.Select(f => new TraceFrame(f.Function, f.Place, f.Source.Value?.File, f.Source.Value?.Line));
}

/// <summary>A place where engine and kernel differed.</summary>
internal sealed record TraceDivergence(int Process, int Thread, string Call, string Subject, string Engine, string Kernel)
{
    internal static TraceDivergence Of(Divergence found) => new(found.ProcessId, found.ThreadId, found.Call, found.Subject, found.Engine, found.Kernel);
}

/// <summary>How the program was followed.</summary>
internal sealed record TraceFollowing(
    long AddressSpaces, long MirroredCalls, long PassedCalls, long UnexplainedResults, IReadOnlyDictionary<string, long> UnexplainedErrors, long UnmodelledCalls, IReadOnlyDictionary<string, long> UnmodelledRanges, long OverlappedCalls, long ForeignCalls, long AbandonedSpaces,
    long HiddenBoundaries, long LocalComparisons, long FullComparisons, long HiddenPrograms, long BaselineNanoseconds, long? BaselineProcessorNanoseconds)
{
    internal static TraceFollowing Of(FollowStatistics s) => new(
        s.AddressSpaces, s.MirroredCalls, s.PassedCalls, s.UnexplainedResults, s.UnexplainedErrors, s.UnmodelledCalls, s.UnmodelledRanges, s.OverlappedCalls, s.ForeignCalls, s.AbandonedSpaces,
        s.HiddenBoundaries, s.LocalComparisons, s.FullComparisons, s.HiddenPrograms, s.BaselineNanoseconds, s.BaselineProcessorNanoseconds);
}

/// <summary>The moves that were made at one place.</summary>
internal sealed record TraceSite(
    string Site, string? Caller, IEnumerable<TraceFrame>? Stack, long Moves, long CongruentMoves, ulong EntriesLinux67, ulong EntriesPageShift, ulong EntriesCongruent, long Nanoseconds, long? ProcessorNanoseconds)
{
    internal static TraceSite Of(SiteTotals site) => new(
        site.Site.Call, site.Site.Caller, TraceFrame.Of(site.Stack), site.Moves, site.CongruentMoves, site.LinuxEntries, site.PageShiftEntries, site.CongruentEntries, site.Time.Elapsed, site.Time.Processor);
}

/// <summary>A move.</summary>
internal sealed record TraceMove(
    int Process, int Thread, string Call, string Site, string? Caller, IEnumerable<TraceFrame>? Stack, string Old, string New, ulong Length, string Congruent, ulong PresentPages, bool Exact, bool? Placed, long Nanoseconds, long? ProcessorNanoseconds,
    string? Remedy, IEnumerable<PolicyJson> Policies, PlacementJson? CongruentPlacement, RunMoveKernel? Kernel)
{
    internal static TraceMove Of(TracedMove traced)
    {
        FollowedMove move = traced.Made;
        return new TraceMove(
            move.ProcessId, move.ThreadId, move.Call, move.Site.Call, move.Site.Caller, TraceFrame.Of(move.Stack), move.Request.Old.ToString(), move.Request.New.ToString(), move.Request.Length.Value,
            ReportJson.NameOf(move.Congruence), move.PresentPages, move.IsExact, move.IsPlaced ? true : null, move.ElapsedNanoseconds, move.ProcessorNanoseconds, traced.Explanation.Remedy, PolicyJson.Of(traced.Explanation),
            PlacementJson.Of(move.Congruent, traced.Congruent), move.Kernel is { } kernel ? RunMoveKernel.Of(kernel) : null);
    }
}
