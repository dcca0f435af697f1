namespace PageShift.Calls;

/// <summary>What a log held beside its records.</summary>
internal readonly record struct CallLogCounts
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

    /// <summary>The counts of two logs together.</summary>
    public static CallLogCounts operator +(CallLogCounts left, CallLogCounts right) => new()
    {
        Bytes = left.Bytes + right.Bytes,
        Lines = left.Lines + right.Lines,
        Signals = left.Signals + right.Signals,
        StackFrames = left.StackFrames + right.StackFrames,
        Diagnostics = left.Diagnostics + right.Diagnostics,
        SummaryLines = left.SummaryLines + right.SummaryLines,
        UnfinishedCalls = left.UnfinishedCalls + right.UnfinishedCalls,
        Warnings = left.Warnings + right.Warnings,
        NoiseLines = left.NoiseLines + right.NoiseLines,
        Records = left.Records + right.Records,
    };

    /// <summary>Events: calls, and the ends of threads.</summary>
    public long Records { get; init; }
}
