using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Running;
using PageShift.Cli.Words;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>run</c> for people: a table per move, the largest first when there are many, the sum of all, and what to know about it.</summary>
internal sealed class RunText(int most) : IRunOutput
{
    private const int MostNames = 10;

    private readonly TextReport _output = TextReport.OnStandardOutput();

    // The largest moves so far, the smallest of them in front; among equals the later ones go first.
    private readonly PriorityQueue<MoveReport, (ulong Entries, long Order)> _largest = new();

    public void Dispose() => _output.Dispose();

    public void Add(MoveReport move)
    {
        if (_largest.Count < most)
            _largest.Enqueue(move, (move.MostEntries, -move.Line));
        else if (most != 0)
            _largest.EnqueueDequeue(move, (move.MostEntries, -move.Line));
    }

    public void Finish(RunReport report)
    {
        _output.Line($"{Name(report.Settings.File)}: {Describe.Count(report.Statistics.Calls, "call")}, {Describe.Count(report.Statistics.Moves, "move")}; {Describe.Presence(report.Statistics, report.Settings.Populate)}");
        if (Describe.Machine(report.Settings.Machine) is { Length: not 0 } machine)
            _output.Line(machine);
        IEnumerable<MoveReport> shown = _largest.UnorderedItems.Select(i => i.Element).OrderBy(m => m.Line);
        if (report.Statistics.Moves > most)
        {
            shown = shown.OrderByDescending(m => m.MostEntries);
            if (most != 0)
                _output.Line($"The {most} largest of {Describe.Count(report.Statistics.Moves, "move")} (--top N shows more, --format json all):");
        }

        foreach (MoveReport move in shown)
            WriteMove(move, report.Settings);
        WriteTotals(report);
        WriteConclusion(report);
        WriteNotes(report);
        WriteDivergences(report);
    }

    private static string Name(string file) => file == "-" ? "standard input" : file;

    private void WriteMove(MoveReport move, RunSettings settings)
    {
        string thread = move.ThreadId == 0 ? "" : $", thread {move.ThreadId}";
        _output.Line();
        _output.Line($"{(move.File is { } file ? $"{file}, " : "")}line {move.Line}{thread}: {move.Call} moves {Describe.Size(move.Request.Length.Value)} from {move.Request.Old} to {move.Request.New}, {Describe.Congruence(move.Congruence, settings.Geometry)}");
        IEnumerable<TextRow> rows = PolicyTable.Rows(move.Explanation.Policies);
        if (move.Congruent is { } congruent)
            rows = rows.Concat(PolicyTable.CongruentRows(congruent));
        if (move.Kernel is { } kernel)
            rows = rows.Append(KernelText.Row(settings.Kernel!.Value.Version, kernel));
        _output.Table(PolicyTable.Columns, [.. rows]);
    }

    private void WriteTotals(RunReport report)
    {
        if (report.Statistics.Moves < 2)
            return;
        _output.Line();
        _output.Line($"All {Describe.Count(report.Statistics.Moves, "move")} together:");
        IEnumerable<TextRow> rows = PolicyTable.SumRows(report.Settings.Policies.Select((policy, i) => (policy, report.Totals[i])));
        if (Comparison.Congruent(report) is not null)
            rows = rows.Concat(PolicyTable.CongruentRows(report.CongruentLinux, report.CongruentPageShift));
        if (report.Settings.Kernel is { } kernel)
            rows = rows.Append(KernelText.Row(kernel.Version, report.Kernel));
        _output.Table(PolicyTable.SumColumns, [.. rows.Select(PolicyTable.WithoutReason)]);
    }

    /// <summary>The one sentence that compares PageShift with the newest Linux.</summary>
    private void WriteConclusion(RunReport report)
    {
        string[] sentences = [.. new[] { Comparison.Of(report), Comparison.Congruent(report), KernelText.Conclusion(report.Settings.Kernel, report.Kernel) }.OfType<string>()];
        if (sentences.Length == 0)
            return;
        _output.Line();
        foreach (string sentence in sentences)
            _output.Line(sentence);
    }

    private void WriteNotes(RunReport report)
    {
        LogStatistics statistics = report.Statistics;
        if (report.Settings.Machine.MoveRule is { } rule && statistics.Moves != 0)
            _output.Line($"note: {rule}");
        if (statistics.InferredMappings != 0)
            _output.Line($"note: {Describe.Count(statistics.InferredMappings, "mapping")} ({Describe.Size(statistics.InferredBytes)}) inferred: the log uses this memory but never maps it");
        if (statistics.DifferentResults != 0 && !report.Settings.Verify)
            _output.Line($"note: {Describe.Count(statistics.DifferentResults, "call")} ended differently here than in the log (--verify names them)");
        if (statistics.FailedCalls != 0)
            _output.Line($"note: {Describe.Count(statistics.FailedCalls, "call")} failed in the log");
        if (statistics.UnexplainedResults != 0)
            WriteUnexplained(report);
        if (statistics.UnknownOutcomes != 0)
            _output.Line($"note: {Describe.Count(statistics.UnknownOutcomes, "call")} left out (no outcome in the log)");
        if (report.Tally.Unmodelled != 0)
            _output.Line($"note: {Describe.Count(report.Tally.Unmodelled, "call")} left out whose effect is not modelled: {Names(report.Tally.UnmodelledNames)}");
        if (report.Tally.Unknown != 0)
            _output.Line($"note: {Describe.Count(report.Tally.Unknown, "call")} left out that no system call is known for: {Names(report.Tally.UnknownNames)}");
        if (report.Tally.Injected != 0)
            _output.Line($"note: {Describe.Count(report.Tally.Injected, "call")} left out (the tracer made {(report.Tally.Injected == 1 ? "it" : "them")} fail)");
        if (statistics.UncertainThreads != 0)
            _output.Line($"note: {Describe.Count(statistics.UncertainThreads, "thread")} taken for the child of one of several clones: the log does not say whose child it is");
        if (statistics.LeftUnpopulated != 0)
            _output.Line($"note: {Describe.Count(statistics.LeftUnpopulated, "range")} of more than {Describe.Size(LogExecutor.LargestPopulated)} assumed untouched");
        if (report.Counts.NoiseLines != 0)
            _output.Line($"note: {Describe.Noise(report.Counts, report.Noise)}");
        if (report.Counts.Warnings != 0)
            _output.Line($"note: {Describe.Count(report.Counts.Warnings, "line")} skipped as unreadable");
        foreach (CallSyntaxError warning in report.Warnings)
            _output.Line($"warning: {warning}");
    }

    /// <summary>The errors that nothing in the log explains, and where the first of them are.</summary>
    private void WriteUnexplained(RunReport report)
    {
        LogStatistics statistics = report.Statistics;
        _output.Line($"note: {Describe.Unexplained(statistics.UnexplainedResults)} by the log: {string.Join(", ", statistics.UnexplainedErrors.Select(error => $"{Describe.Number((ulong)error.Value)} {error.Key}"))}");
        foreach ((string? file, long line, string call, string error, string cause) in report.Unexplained.Take(MostNames))
            _output.Line($"  {(file is null ? "" : $"{file}, ")}line {line}: {call}, {error}: perhaps {cause}");
        if (statistics.UnexplainedResults > MostNames)
            _output.Line($"  and {Describe.Number((ulong)(statistics.UnexplainedResults - MostNames))} more (--format json names {(statistics.UnexplainedResults > RunReport.MostKept ? "a thousand" : "all")})");
    }

    private static string Names(IReadOnlyCollection<string> names)
    {
        string first = string.Join(", ", names.Take(MostNames));
        return names.Count > MostNames ? $"{first}, ..." : first;
    }

    private void WriteDivergences(RunReport report)
    {
        foreach ((string? file, Divergence divergence) in report.Divergences)
            _output.Line($"{file ?? report.Settings.File}:{divergence.Line}: {divergence.Call} diverges: expected {divergence.Kernel}, got {divergence.Engine}");
        foreach ((string? file, Divergence difference) in report.KernelDivergences)
            _output.Line($"{file ?? report.Settings.File}:{difference.Line}: {difference.Call} diverges: the engine has {difference.Engine}, this kernel {difference.Kernel}");
        long more = report.DivergenceCount - report.Divergences.Count;
        if (more != 0)
            _output.Line($"and {Describe.Count(more, "divergence")} more");
        if (report.Settings.Verify)
            WriteVerdict(report);
    }

    /// <summary>How much was checked, and what came of it. Nothing checked is no verdict.</summary>
    private void WriteVerdict(RunReport report)
    {
        string open = report.Tally.WithoutResult == 0 ? "" : $", {Describe.Number((ulong)report.Tally.WithoutResult)} without a result to check";
        long unexplained = report.Statistics.UnexplainedResults;
        string excused = unexplained == 0 ? "" : $", {Describe.Unexplained(unexplained)}";
        _output.Line($"checked: {Describe.Count(report.Tally.Checked, "call")}{open}{excused}");
        if (report.DivergenceCount != 0)
            return;
        if (report.HasNoVerdict)
            _output.Line("not verified: no memory call of this log has a result that could be checked");
        else
            _output.Line(unexplained == 0 ? "verified: every result is as the log says" : "verified: every result that the log explains is as it says");
    }
}
