using PageShift.Cli.Tracing;

namespace PageShift.Cli.Output;

/// <summary>Two outputs of one trace.</summary>
internal sealed class TraceOutputs(ITraceOutput first, ITraceOutput second) : ITraceOutput
{
    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    public bool WantsEveryPolicy(long earlierMoves) => first.WantsEveryPolicy(earlierMoves) || second.WantsEveryPolicy(earlierMoves);

    public void Add(TracedMove move)
    {
        first.Add(move);
        second.Add(move);
    }

    public void Finish(TraceReport report)
    {
        first.Finish(report);
        second.Finish(report);
    }
}
