using PageShift.Calls.Execution;
using PageShift.Cli.Explaining;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>trace</c> for people: what the program did, its largest moves with a table each, the moves by call site, the sum, and what it could do about it.</summary>
internal sealed class TraceText : ITraceOutput
{
    private const int MostSites = 10;
    private const int MostDivergences = 10;

    private static readonly TextColumn[] SiteColumns =
    [
        new("called from", IsNumber: false),
        new("moves", IsNumber: true),
        new("congruent", IsNumber: true),
        new("linux-6.7", IsNumber: true),
        new("pageshift", IsNumber: true),
        new("if congruent", IsNumber: true),
        new("time", IsNumber: true),
    ];

    private readonly TextReport _output;
    private readonly int _most;
    private long _count;

    // The largest moves so far, the smallest of them in front; among equals the later ones go first.
    private readonly PriorityQueue<TracedMove, (ulong Entries, long Order)> _largest = new();

    internal TraceText(Stream report, TraceSettings settings)
    {
        _output = settings.ReportFile is null ? TextReport.OnStandardError() : TextReport.Plain(new StreamWriter(report));
        _most = settings.Top;
    }

    public void Dispose() => _output.Dispose();

    public void Add(TracedMove move)
    {
        (ulong, long) rank = (move.Made.Plans[0].Cost.Entries, -_count++);
        if (_largest.Count < _most)
            _largest.Enqueue(move, rank);
        else if (_most != 0)
            _ = _largest.EnqueueDequeue(move, rank);
    }

    public void Finish(TraceReport report)
    {
        WriteHead(report);
        WriteMoves(report);
        WriteSites(report);
        WriteTotals(report);
        WriteConclusion(report);
        WriteNotes(report);
        WriteDivergences(report);
    }

    private void WriteHead(TraceReport report)
    {
        TraceStatistics trace = report.Result!.Statistics;
        string threads = trace.Threads == 0 ? "" : $", {Describe.Count(trace.Threads, "further thread")}";
        _output.Line();
        _output.Line($"pageshift trace {string.Join(' ', report.Settings.Command)}: {Ending(report.Result)}");
        _output.Line($"{Processes(trace.Processes)}{threads}, {Describe.Count(trace.CompletedCalls, "memory call")}, {Describe.Count(report.Statistics.Moves, "move")}"
            + (report.Statistics.Moves == 0 ? "" : $" ({Describe.Number((ulong)report.CongruentMoves)} congruent)"));
    }

    private static string Processes(long count) => count == 1 ? "1 process" : $"{Describe.Number((ulong)count)} processes";

    private static string Ending(TraceResult result) => result.Status.IsKilled ? $"killed by signal {result.Status.Signal}" : $"exit code {result.Status.ExitCode}";

    private void WriteMoves(TraceReport report)
    {
        IEnumerable<TracedMove> shown = _largest.UnorderedItems.OrderByDescending(i => i.Priority).Select(i => i.Element);
        if (report.Statistics.Moves > _most && _most != 0)
            _output.Line($"The {_most} largest of {Describe.Count(report.Statistics.Moves, "move")} (--top N shows more, --format json all):");
        foreach (TracedMove move in shown)
            WriteMove(report, move);
    }

    private void WriteMove(TraceReport report, TracedMove traced)
    {
        FollowedMove move = traced.Made;
        _output.Line();
        _output.Line($"{move.Call}");
        _output.Line($"  thread {move.ThreadId}, at {move.Site.Call}{(move.Site.Caller is { } caller ? $", called from {caller}" : "")}");
        string together = move.ElapsedNanoseconds == 0 ? "in the time of the move before" : $"about {TimeOf(CallTime.Of(move).Without(report.Statistics, calls: 1))}";
        _output.Line($"  moves {Describe.Size(move.Request.Length.Value)} ({(move.IsExact ? "" : "about ")}{Describe.Number(move.PresentPages)} pages present), {Describe.Congruence(move.Congruence, PagingGeometry.X86)}; {together}");
        IEnumerable<TextRow> rows = traced.Explanation.Policies.Select(PolicyTable.Row);
        if (Helps(move) && move.Congruent is { } congruent)
        {
            string place = $"at {congruent.Destination}";
            rows = rows.Append(PolicyTable.CongruentRow(MovePolicy.Linux67, congruent.Linux.Cost, place)).Append(PolicyTable.CongruentRow(MovePolicy.PageShift, congruent.PageShift.Cost, place));
        }

        _output.Table(PolicyTable.Columns, [.. rows]);
    }

    /// <summary>A time, and what it is: the thread's processor time where the kernel tells it.</summary>
    private static string TimeOf(CallTime time) => time.Processor is { } used
        ? $"{KernelText.Time(used)} of processor time"
        : $"{KernelText.Time(time.Elapsed)} by the clock, waiting included";

    /// <summary>True when a congruent destination would have made the move a cheaper one.</summary>
    private static bool Helps(FollowedMove move) => move.BestPlaced(MovePolicy.PageShift).Cost.Entries < move.Under(MovePolicy.PageShift).Cost.Entries;

    private void WriteSites(TraceReport report)
    {
        if (report.Statistics.Moves < 2)
            return;
        SiteTotals[] sites = [.. report.Sites.OrderByDescending(s => s.LinuxEntries).ThenByDescending(s => s.Moves)];
        _output.Line();
        _output.Line(sites.Length > MostSites ? $"Entries moved, by call site (the {MostSites} first of {Describe.Number((ulong)sites.Length)}; --format json has all):" : "Entries moved, by call site:");
        _output.Table(SiteColumns, [.. sites.Take(MostSites).Select(SiteRow)]);
    }

    private static TextRow SiteRow(SiteTotals site) => new(RowTone.Plain,
    [
        site.Site.ToString(),
        Describe.Number((ulong)site.Moves),
        Describe.Number((ulong)site.CongruentMoves),
        Describe.Number(site.LinuxEntries),
        Describe.Number(site.PageShiftEntries),
        Describe.Number(site.CongruentEntries),
        KernelText.Time(site.Time.Processor ?? site.Time.Elapsed),
    ]);

    private void WriteTotals(TraceReport report)
    {
        if (report.Statistics.Moves < 2)
            return;
        _output.Line();
        _output.Line($"All {Describe.Count(report.Statistics.Moves, "move")} together:");
        IEnumerable<TextRow> rows = MovePolicyName.All.Select(policy => PolicyTable.Row(policy, report.Under(policy), ""));
        if (report.CongruentPageShift.Entries < report.Under(MovePolicy.PageShift).Entries)
        {
            rows = rows.Append(PolicyTable.CongruentRow(MovePolicy.Linux67, report.CongruentLinux, ""))
                .Append(PolicyTable.CongruentRow(MovePolicy.PageShift, report.CongruentPageShift, ""));
        }

        _output.Table(PolicyTable.SumColumns, [.. rows.Select(PolicyTable.WithoutReason)]);
        _output.Line($"The calls took {TimeOf(report.Time)}, with the stops of tracing.");
    }

    private void WriteConclusion(TraceReport report)
    {
        _output.Line();
        if (report.Statistics.Moves == 0)
        {
            _output.Line("No call moved a mapping.");
            return;
        }

        foreach ((MoveObstacle obstacle, long moves) in report.Obstacles.OrderBy(o => o.Key))
            _output.Line($"{Describe.Count(moves, "move")}: {MoveObstacles.Words(obstacle)}");
        foreach (string advice in TraceAdvice.Of(report))
            _output.Line(advice);
    }

    private void WriteNotes(TraceReport report)
    {
        FollowStatistics statistics = report.Statistics;
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
            _output.Line($"note: {Describe.Count(statistics.HiddenPrograms, "program")} not followed: this user may execute but not read them, so that the kernel hides their memory");
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
