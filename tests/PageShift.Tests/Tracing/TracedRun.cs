using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>Runs commands under the tracer, bounded in time so that nothing hangs for ever; skips where the system does not permit tracing.</summary>
internal static class TracedRun
{
    private static readonly Lazy<string?> Obstacle = new(static () =>
    {
        TraceResult probe = ProcessTracer.Run(new TracedCommand("/bin/true"), new EventRecorder());
        return probe.Failure is TraceFailure.NotPermitted or TraceFailure.UnsupportedSystem ? probe.Reason : null;
    });

    public static TraceResult Of(ITraceObserver observer, params string[] arguments) => Of(observer, new TracedCommand(arguments));

    /// <summary>Why this system does not permit tracing, or null.</summary>
    internal static string? Missing => Obstacle.Value;

    public static void SkipUnlessPermitted() => Assert.SkipWhen(Missing != null, Missing ?? "");

    public static TraceResult Of(ITraceObserver observer, TracedCommand command)
    {
        SkipUnlessPermitted();
        using var limit = new CancellationTokenSource(HangGuard.Limit);
        TraceResult result = ProcessTracer.Run(command, observer, limit.Token);
        Assert.NotEqual(TraceOutcome.Cancelled, result.Outcome);
        return result;
    }
}
