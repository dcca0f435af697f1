namespace PageShift.Linux.Tracing;

/// <summary>A process that the tracer follows. Used by the tracing thread only.</summary>
internal sealed class TracedProcess(int id, CallOrder callOrder)
{
    /// <summary>The process's number, and that of its first thread.</summary>
    public int Id { get; } = id;

    /// <summary>The order of the calls on its address space, which stands for that space.</summary>
    public CallOrder CallOrder { get; set; } = callOrder;

    /// <summary>Threads that have not begun to end.</summary>
    public int RunningThreads { get; set; }
}
