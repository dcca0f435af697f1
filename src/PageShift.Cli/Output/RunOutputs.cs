using PageShift.Cli.Running;

namespace PageShift.Cli.Output;

/// <summary>Two outputs of one run.</summary>
internal sealed class RunOutputs(IRunOutput first, IRunOutput second) : IRunOutput
{
    public IRunRecorder? Recorder => first.Recorder ?? second.Recorder;

    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    public void Add(MoveReport move)
    {
        first.Add(move);
        second.Add(move);
    }

    public void Finish(RunReport report)
    {
        first.Finish(report);
        second.Finish(report);
    }
}
