namespace PageShift.Calls;

/// <summary>What a log held beside its records.</summary>
public readonly record struct CallLogCounts
{
    /// <summary>Bytes of text that were read, unpacked.</summary>
    public long Bytes { get; init; }

    /// <summary>Lines.</summary>
    public long Lines { get; init; }

    /// <summary>Lines that report a signal or a stop.</summary>
    public long Signals { get; init; }

    /// <summary>Lines of stack traces (strace -k).</summary>
    public long StackFrames { get; init; }

    /// <summary>Messages of strace itself, other than attaching and detaching.</summary>
    public long Diagnostics { get; init; }

    /// <summary>Lines of the table that strace -C appends.</summary>
    public long SummaryLines { get; init; }

    /// <summary>Calls that had begun and whose completion the log does not show.</summary>
    public long UnfinishedCalls { get; init; }

    /// <summary>Lines that name a call which changes memory, and could not be read (lenient mode only).</summary>
    public long Warnings { get; init; }

    /// <summary>Lines that are no calls, and parts of calls that leave memory alone.</summary>
    public long NoiseLines { get; init; }

    /// <summary>Events: calls, and what happens to threads.</summary>
    public long Records { get; init; }
}
