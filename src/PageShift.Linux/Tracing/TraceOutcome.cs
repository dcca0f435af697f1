namespace PageShift.Linux.Tracing;

/// <summary>How a run of the tracer ended.</summary>
public enum TraceOutcome
{
    /// <summary>The command and everything that it started have ended by themselves.</summary>
    Ended,

    /// <summary>The run was cancelled: whatever still ran was killed.</summary>
    Cancelled,

    /// <summary>The command was not started or could not be traced; see <see cref="TraceResult.Reason"/>.</summary>
    NotStarted,

    /// <summary>The process that was attached to runs on without the tracer.</summary>
    Detached,
}
