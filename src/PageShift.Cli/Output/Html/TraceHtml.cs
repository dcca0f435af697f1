using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Tracing;
using PageShift.PageTables;

namespace PageShift.Cli.Output.Html;

/// <summary>The report of <c>trace</c> as a page (docs/page.md). The calls come from the log that the tracer writes, which is run again when all has ended.</summary>
internal sealed class TraceHtml : ITraceOutput
{
    private readonly Stream _output;
    private readonly string _log;
    private readonly PlanSpool _plans = new();
    private readonly CallRecorder _recorder = new(isTracersLog: true);
    private readonly TraceJson _report;

    /// <param name="output">Takes the page; it stays the caller's to close.</param>
    /// <param name="log">The file that the tracer writes its log to.</param>
    internal TraceHtml(Stream output, string log)
    {
        _output = output;
        _log = log;
        _report = new TraceJson(Stream.Null, isIndented: false);
    }

    public void Dispose()
    {
        _report.Dispose();
        _plans.Dispose();
        _recorder.Dispose();
    }

    public void Add(TracedMove move)
    {
        _report.Add(move);
        _plans.Add(move.Explanation, move.Congruent);
    }

    public void Finish(TraceReport report) => Write(report, PageWords.Of(report), null);

    /// <summary>Writes the page of two runs: the first with its moves, and the two side by side.</summary>
    internal void Write(TraceComparison comparison) => Write(comparison.AsItIs, PageWords.Of(comparison), TraceComparisonText.Figures(comparison));

    private void Write(TraceReport report, PageWords words, IEnumerable<ComparedRow>? comparison)
    {
        RunLog();
        HtmlPage.Write(_output, stream => _report.Write(report, stream), stream => _plans.Finish(stream, PagingGeometry.X86, words, comparison: comparison), _recorder.Finish);
    }

    private void RunLog()
    {
        using var stream = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = _log, Strict = true });
        using var executor = new LogExecutor(new LogExecutorOptions { Populate = PopulateAssumption.None }, observer: null, _recorder.Before(null));
        while (reader.TryRead(out CallRecord record))
        {
            _recorder.Begin(record);
            _recorder.End(record, executor.Execute(record)); // not verified: the tracer compared the results with the kernel's when they were made
        }
    }
}
