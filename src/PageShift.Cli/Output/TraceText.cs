using PageShift.Calls.Execution;
using PageShift.Cli.Explaining;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>trace</c> for people: a summary first, then where the processor time went, the costliest moves, what prevented higher entries and what the program could do about
/// it. Eight moves fit on a screen: each has one line, unless there are only a few, or all of a move was asked for.</summary>
internal sealed partial class TraceText : ITraceOutput
{
    private const int MostSites = 10;
    private const int MostFrames = 10;
    private const int MostDivergences = 10;

    // So many moves are shown with their tables without being asked for.
    private const int MostWhole = 2;

    private readonly TextReport _output;
    private readonly TraceSettings _settings;
    private long _count;

    // The costliest moves so far, the least of them in front; among equals the later ones go first.
    private readonly PriorityQueue<TracedMove, (long Time, ulong Entries, long Order)> _costliest = new();

    internal TraceText(Stream report, TraceSettings settings)
    {
        _output = settings.ReportFile is null ? TextReport.OnStandardError() : TextReport.Plain(new StreamWriter(report));
        _settings = settings;
    }

    public void Dispose() => _output.Dispose();

    // Tables are shown of the moves of a short report only.
    public bool WantsEveryPolicy(long earlierMoves) => _settings.IsWhole || _settings.Top <= MostWhole || earlierMoves < MostWhole;

    public void Add(TracedMove move)
    {
        (long, ulong, long) rank = (move.Made.ProcessorNanoseconds ?? 0, move.Made.Under(MovePolicy.Linux67).Cost.Entries, -_count++);
        if (_costliest.Count < _settings.Top)
            _costliest.Enqueue(move, rank);
        else if (_settings.Top != 0)
            _ = _costliest.EnqueueDequeue(move, rank);
    }

    public void Finish(TraceReport report)
    {
        WriteHead(report);
        WriteUsage(report);
        if (_settings.IsBySite)
            WriteSites(report);
        else
            WriteMoves(report);
        WriteConclusion(report);
        WriteNotes(report);
        WriteDivergences(report);
    }

    private void WriteHead(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        string threads = trace.Threads == 0 ? "" : $", {Describe.Count(trace.Threads, "further thread")}";
        string time = trace.Usage is { } usage ? $" after {KernelText.Time(usage.ElapsedNanoseconds)}" : "";
        _output.Line();
        _output.Line($"pageshift trace {report.Settings.Subject}: {Ending(report.Result)}{time}");
        _output.Line($"{Processes(trace.Processes)}{threads}, {Describe.Count(trace.CompletedCalls, "memory call")}, {Describe.Count(report.Statistics.Moves, "move")}"
            + (report.Statistics.Moves == 0 ? "" : $" ({Describe.Number((ulong)report.CongruentMoves)} congruent)"));
    }

    private static string Processes(long count) => count == 1 ? "1 process" : $"{Describe.Number((ulong)count)} processes";

    private static string Ending(TraceResult result) => result.Outcome == TraceOutcome.Detached ? "runs on" : result.Status.IsKilled ? $"killed by signal {result.Status.Signal}" : $"exit code {result.Status.ExitCode}";

    private void WriteConclusion(TraceReport report)
    {
        _output.Line();
        if (report.Statistics.Moves == 0)
        {
            _output.Line("No call moved a mapping.");
            foreach (string finding in TraceFindings.Of(report))
                _output.Line(finding);
            return;
        }

        if (KernelText.Conclusion(_settings.Kernel, report.Kernel) is { } measured)
            _output.Line(measured);
        foreach ((MoveObstacle obstacle, long moves) in report.Obstacles.OrderBy(o => o.Key))
            _output.Line($"{Describe.Count(moves, "move")}: {MoveObstacles.Words(obstacle)}");
        foreach (string line in PlacementText.Of(report.Statistics))
            _output.Line(line);
        foreach (string finding in TraceFindings.BesidesMoves(report))
            _output.Line(finding);
        foreach (string advice in TraceAdvice.Of(report))
            _output.Line(advice);
    }

    private void WriteNotes(TraceReport report)
    {
        FollowStatistics statistics = report.Statistics;
        if (statistics.Moves != 0 && !ProcessStacks.IsAvailable)
            _output.Line("note: functions have no names here: that needs libdw (Debian: libdw1; Fedora: elfutils-libs)");
        if ((statistics.WhyNotCounted ?? _settings.WhyNoKernel) is { } reason)
            _output.Line(KernelText.NotCounted(reason));
        if (statistics.HasUnnamedCode)
            _output.Line("note: compiled code without names: start .NET with DOTNET_PerfMapEnabled=1, Node.js with --perf-basic-prof, Java with an agent that writes /tmp/perf-PID.map");
        if (report.InexactMoves != 0)
            _output.Line($"note: in {Describe.Count(report.InexactMoves, "move")} another thread could not be stopped in time; the present pages may be slightly out of date");
        if (statistics.UnmodelledCalls != 0)
            _output.Line($"note: {Describe.Count(statistics.UnmodelledCalls, "call")} left out whose effect is not modelled; after each, the engine took over the kernel's mappings");
        if (statistics.UnexplainedResults != 0)
            _output.Line($"note: {Describe.Unexplained(statistics.UnexplainedResults)} by calls and mappings, and not compared: {Errors(statistics)}; limits, permissions and files decide too");
        foreach ((string kind, long ranges) in statistics.UnmodelledRanges)
            _output.Line($"note: not modelled: {kind}, {Describe.Count(ranges, "range")}; what became of them was taken from the kernel");
        if (statistics.OverlappedCalls != 0)
            _output.Line($"note: {Describe.Count(statistics.OverlappedCalls, "call")} overlapped with another; after each, the engine took over the kernel's mappings");
        if (statistics.HiddenPrograms != 0)
            _output.Line($"note: {Describe.Count(statistics.HiddenPrograms, "program")} not followed: the kernel hides their memory from this user, who may execute but not read them, or they asked for that (PR_SET_DUMPABLE)");
        foreach (string program in report.Result!.Statistics.UnprivilegedPrograms)
            _output.Line($"note: {program} ran without the privilege that its set-user-ID or set-group-ID bit gives, since this tracer has none (CAP_SYS_PTRACE)");
        if (report.Others is { IsBusy: true } others)
            _output.Line($"note: the machine was busy ({others}): the times mean little");
        if (statistics.AbandonedSpaces != 0)
            _output.Line($"note: {Describe.Count(statistics.AbandonedSpaces, "address space")} no longer followed after a 32-bit system call");
        if (report.Settings.LogFile is { } log)
            _output.Line($"note: the calls are in {log}; 'pageshift run {log}' shows the same moves");
    }

    private static string Errors(FollowStatistics statistics) =>
        string.Join(", ", statistics.UnexplainedErrors.Select(error => $"{Describe.Number((ulong)error.Value)} {error.Key}"));

    private void WriteDivergences(TraceReport report)
    {
        long count = report.Statistics.Divergences;
        if (count == 0 && report.Statistics.MirroredCalls == 0)
        {
            _output.Line("Nothing was checked: no call was made on the engine too.");
            return;
        }

        if (count == 0)
        {
            _output.Line($"Engine and kernel agreed after each of {Describe.Count(report.Statistics.MirroredCalls, "call")}.");
            return;
        }

        _output.Line($"Engine and kernel differed {(count == 1 ? "once" : $"{Describe.Number((ulong)count)} times")}:");
        foreach (Divergence divergence in report.Divergences.Take(MostDivergences))
            _output.Line($"  thread {divergence.ThreadId}: {divergence}");
        if (count > MostDivergences)
            _output.Line($"  and {Describe.Number((ulong)count - MostDivergences)} more (--format json has {TraceReport.MostKeptDivergences})");
    }
}
