using PageShift.Cli.Output.Json;
using PageShift.Cli.Running;

namespace PageShift.Cli.Output.Html;

/// <summary>The report of <c>run</c> as a page (docs/page.md).</summary>
internal sealed class RunHtml : IRunOutput
{
    private readonly Stream _output;
    private readonly PlanSpool _plans = new();
    private readonly CallRecorder _recorder = new(isTracersLog: false);
    private readonly RunJson _report;
    private readonly long? _shown;

    /// <param name="output">Takes the page; it stays the caller's to close.</param>
    /// <param name="shown">The line of the call whose move is shown first; null for the largest move.</param>
    internal RunHtml(Stream output, long? shown = null)
    {
        _shown = shown;
        _output = output;
        _report = new RunJson(Stream.Null, isIndented: false);
    }

    IRunRecorder? IRunOutput.Recorder => _recorder;

    public void Dispose()
    {
        _report.Dispose();
        _plans.Dispose();
        _recorder.Dispose();
    }

    public void Add(MoveReport move)
    {
        _report.Add(move);
        _plans.Add(move.Explanation, move.CongruentExplanation);
    }

    public void Finish(RunReport report) => HtmlPage.Write(
        _output,
        stream => _report.Write(report, stream),
        stream => _plans.Finish(stream, report.Settings.Geometry, PageWords.Of(report), _shown),
        _recorder.Finish);
}
