namespace PageShift.Linux.Tracing;

/// <summary>What a run of the tracer has seen.</summary>
internal sealed record TraceStatistics
{
    /// <summary>How the traced threads were made to stop.</summary>
    public StopMethod Method { get; internal set; }

    /// <summary>Processes that existed.</summary>
    public long Processes { get; internal set; }

    /// <summary>Threads that existed beyond the first of each process.</summary>
    public long Threads { get; internal set; }

    /// <summary>Programs that were executed.</summary>
    public long Programs { get; internal set; }

    /// <summary>Memory calls that were entered.</summary>
    public long EnteredCalls { get; internal set; }

    /// <summary>Memory calls that returned. The rest never did: their threads ended first.</summary>
    public long CompletedCalls { get; internal set; }

    /// <summary>Memory calls that were in progress together with another one of the same address space.</summary>
    public long OverlappedCalls { get; internal set; }

    /// <summary>Memory calls that waited in front of the kernel for another one of the same address space to return.</summary>
    public long DelayedCalls { get; internal set; }

    /// <summary>Memory calls through other interfaces than the 64-bit one.</summary>
    public long ForeignCalls { get; internal set; }

    /// <summary>Signals that were delivered.</summary>
    public long Signals { get; internal set; }

    /// <summary>Processor time of the traced threads that have ended, in nanoseconds, as far as the kernel told.</summary>
    public long ProcessorNanoseconds { get; internal set; }

    /// <summary>What the traced programs used; null when nothing was traced to its end.</summary>
    public ProgramUsage? Usage { get; internal set; }

    /// <summary>Programs with a set-user-ID or set-group-ID bit that were executed without the privilege that it gives, as the first 16 paths.</summary>
    public IReadOnlyList<string> UnprivilegedPrograms => _unprivileged;

    private readonly List<string> _unprivileged = [];

    internal void AddUnprivileged(string path)
    {
        const int Most = 16;
        if (_unprivileged.Count < Most && !_unprivileged.Contains(path))
            _unprivileged.Add(path);
    }

    /// <summary>Stops that the tracer has handled, of every kind.</summary>
    public long Stops { get; internal set; }
}
