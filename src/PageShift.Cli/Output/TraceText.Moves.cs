using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <content>The moves: one by one, or added up by the stacks from which they were made.</content>
internal sealed partial class TraceText
{
    private static readonly TextColumn[] MoveColumns =
    [
        new("time", IsNumber: true),
        new("size", IsNumber: true),
        new("linux-6.7", IsNumber: true),
        new("pageshift", IsNumber: true),
        new("if congruent", IsNumber: true),
        new("called from", IsNumber: false),
    ];

    private static readonly TextColumn MeasuredColumn = new("flushes/tables", IsNumber: true);

    private static readonly TextColumn[] SiteColumns =
    [
        new("time", IsNumber: true),
        new("moves", IsNumber: true),
        new("congruent", IsNumber: true),
        new("linux-6.7", IsNumber: true),
        new("pageshift", IsNumber: true),
        new("if congruent", IsNumber: true),
        new("called from", IsNumber: false),
    ];

    private void WriteMoves(TraceReport report)
    {
        TracedMove[] shown = [.. _costliest.UnorderedItems.OrderByDescending(i => i.Priority).Select(i => i.Element)];
        if (shown.Length == 0)
            return;
        _output.Line();
        if (shown.Length > MostWhole && !_settings.IsWhole)
        {
            WriteMoveLines(report, shown);
            return;
        }

        if (report.Statistics.Moves > shown.Length)
            _output.Line(Selection(report, shown.Length));
        foreach (TracedMove move in shown)
        {
            WriteMove(report, move);
            _output.Line();
        }

        if (report.Statistics.Moves > 1)
            WriteTotals(report);
    }

    private void WriteMoveLines(TraceReport report, TracedMove[] shown)
    {
        _output.Line(report.Statistics.Moves > shown.Length ? Selection(report, shown.Length) : $"The moves, the costliest first, with the entries that each moves{(_settings.Kernel is null ? "" : ", and what the kernel counted")} (--details has their tables):");
        IEnumerable<TextRow> rows = shown.Select(traced => new TextRow(RowTone.Plain,
        [
            traced.Made.ElapsedNanoseconds == 0 ? "\"" : Time(CallTime.Of(traced.Made).Without(report.Statistics, calls: 1)),
            Describe.Size(traced.Made.Request.Length.Value),
            Describe.Entries(traced.Made.Under(MovePolicy.Linux67).Cost),
            Describe.Entries(traced.Made.Under(MovePolicy.PageShift).Cost),
            Describe.Entries(traced.Made.BestPlaced(MovePolicy.Linux67).Cost),
            .. Measured(traced.Made.Kernel?.Move.Cost?.TlbFlushes, traced.Made.Kernel?.Move.Cost?.ZeroedAllocations),
            SiteOf(traced.Made),
        ]));
        var sum = new TextRow(RowTone.Good,
        [
            Time(report.Time.Without(report.Statistics, report.Statistics.Moves)),
            "",
            Describe.Entries(report.Under(MovePolicy.Linux67)),
            Describe.Entries(report.Under(MovePolicy.PageShift)),
            Describe.Entries(report.CongruentLinux),
            .. Measured(report.Kernel.IsObserved ? report.Kernel.TlbFlushes : null, report.Kernel.TablesAllocated),
            $"all {Describe.Count(report.Statistics.Moves, "move")}",
        ]);
        _output.Table([.. MoveColumns[..^1], .. _settings.Kernel is null ? [] : (TextColumn[])[MeasuredColumn], MoveColumns[^1]], [.. rows, sum]);
    }

    /// <summary>What the kernel counted, where it was asked.</summary>
    private string[] Measured(long? flushes, long? tables) => _settings.Kernel is null ? [] : [flushes is null ? "-" : $"{Describe.Number((ulong)flushes)}/{Describe.Number((ulong)tables!)}"];

    private static string Selection(TraceReport report, int shown) =>
        $"The {shown} costliest of {Describe.Count(report.Statistics.Moves, "move")} (--top N shows more, --details their tables, --by site adds up, --format json has all):";

    private void WriteMove(TraceReport report, TracedMove traced)
    {
        FollowedMove move = traced.Made;
        _output.Line($"{move.Call}");
        string called = move.Stack is { } stack && stack.Site.Function is not null ? $"called from {SiteOf(move)}, {move.Site.Caller}" : move.Site.Caller is { } caller ? $"called from {caller}" : "";
        _output.Line($"  thread {move.ThreadId}, at {move.Site.Call}{(called.Length == 0 ? "" : ", ")}{called}");
        string together = move.ElapsedNanoseconds == 0 ? "in the time of the move before" : $"about {TimeOf(CallTime.Of(move).Without(report.Statistics, calls: 1))}";
        _output.Line($"  moves {Describe.Size(move.Request.Length.Value)} ({(move.IsExact ? "" : "about ")}{Describe.Number(move.PresentPages)} pages present), {Describe.Congruence(move.Congruence, PagingGeometry.X86)}; {together}");
        IEnumerable<TextRow> rows = PolicyTable.Rows(traced.Explanation.Policies);
        if (Helps(move) && move.Congruent is { } congruent)
            rows = rows.Concat(PolicyTable.CongruentRows(congruent));
        if (move.Kernel is { } kernel)
            rows = rows.Append(KernelText.Row(_settings.Kernel!.Value.Version, kernel));
        _output.Table(PolicyTable.Columns, [.. rows]);
    }

    private void WriteTotals(TraceReport report)
    {
        _output.Line($"All {Describe.Count(report.Statistics.Moves, "move")} together:");
        IEnumerable<TextRow> rows = PolicyTable.SumRows(MovePolicyName.All.Select(policy => (policy, report.Under(policy))));
        if (report.CongruentPageShift.Entries < report.Under(MovePolicy.PageShift).Entries)
            rows = rows.Concat(PolicyTable.CongruentRows(report.CongruentLinux, report.CongruentPageShift));
        if (_settings.Kernel is { } kernel && report.Kernel.Moves != 0)
            rows = rows.Append(KernelText.Row(kernel.Version, report.Kernel));
        _output.Table(PolicyTable.SumColumns, [.. rows.Select(PolicyTable.WithoutReason)]);
    }

    private void WriteSites(TraceReport report)
    {
        if (report.Statistics.Moves == 0)
            return;
        // A function that was compiled anew, or from which two places call, makes stacks that look the same.
        SiteTotals[] sites = [.. report.Sites.GroupBy(FramesOf).Select(SiteTotals.Together).OrderByDescending(s => s.Time.Processor ?? s.Time.Elapsed).ThenByDescending(s => s.LinuxEntries)];
        _output.Line();
        _output.Line(sites.Length > MostSites ? $"Entries moved, by stack (the {MostSites} first of {Describe.Number((ulong)sites.Length)}; --format json has all):" : "Entries moved, by stack:");
        _output.Table(SiteColumns, [.. sites.Take(MostSites).SelectMany(site => SiteRows(report, site))]);
    }

    private static IEnumerable<TextRow> SiteRows(TraceReport report, SiteTotals site)
    {
        string[] frames = FramesOf(site).Split('\n');
        yield return new TextRow(RowTone.Plain,
        [
            Time(site.Time.Without(report.Statistics, site.Moves)),
            Describe.Number((ulong)site.Moves),
            Describe.Number((ulong)site.CongruentMoves),
            Describe.Number(site.LinuxEntries),
            Describe.Number(site.PageShiftEntries),
            Describe.Number(site.CongruentEntries),
            frames[0],
        ]);
        int left = frames.Length - MostFrames;
        foreach (string frame in frames.Skip(1).Take(MostFrames - 1).Concat(left > 0 ? [$"and {Describe.Count(left, "caller")} more"] : Array.Empty<string>()))
            yield return new TextRow(RowTone.Plain, ["", "", "", "", "", "", frame]);
    }

    private static string FramesOf(SiteTotals site) => site.Stack is { } stack ? string.Join('\n', stack.Frames) : site.Site.ToString();

    /// <summary>The function in the program that made a move, or the place where it has no name.</summary>
    private static string SiteOf(FollowedMove move) => move.Stack?.Site.ToString() ?? move.Site.ToString();

    private static string Time(CallTime time) => KernelText.Time(time.Processor ?? time.Elapsed);

    /// <summary>A time, and what it is: the thread's processor time where the kernel tells it.</summary>
    private static string TimeOf(CallTime time) => time.Processor is { } used
        ? $"{KernelText.Time(used)} of processor time"
        : $"{KernelText.Time(time.Elapsed)} by the clock, waiting included";

    /// <summary>True when a congruent destination would have made the move a cheaper one.</summary>
    private static bool Helps(FollowedMove move) => move.BestPlaced(MovePolicy.PageShift).Cost.Entries < move.Under(MovePolicy.PageShift).Cost.Entries;
}
