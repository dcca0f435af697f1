namespace PageShift.Calls;

/// <summary>What a timestamp counts from.</summary>
internal enum CallTimestampForm : byte
{
    /// <summary>The line has none.</summary>
    None,

    /// <summary>Midnight, local time (strace -t, -tt).</summary>
    TimeOfDay,

    /// <summary>1970-01-01 00:00 UTC (strace -ttt).</summary>
    Epoch,

    /// <summary>The line before (strace -r).</summary>
    Relative,
}

/// <summary>The time at which a call began, as the log gives it.</summary>
/// <param name="Form">What the time counts from. Of an absolute and a relative time on one line, the absolute one is kept.</param>
/// <param name="Nanoseconds">The time in nanoseconds.</param>
internal readonly record struct CallTimestamp(CallTimestampForm Form, long Nanoseconds);
