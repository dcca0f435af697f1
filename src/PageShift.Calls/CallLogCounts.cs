namespace PageShift.Calls;

/// <summary>What a log held beside its records.</summary>
internal readonly record struct CallLogCounts
{
    /// <summary>Bytes read from the stream.</summary>
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

    /// <summary>Lines that could not be read (lenient mode only).</summary>
    public long Warnings { get; init; }
}
