using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>A memory call that has returned. While <see cref="ITraceObserver.CallCompleted"/> runs, the thread is stopped
/// before its program sees the result.</summary>
public readonly record struct CallExit
{
    /// <summary>The call as it was entered.</summary>
    public required CallEntry Entry { get; init; }

    /// <summary>What the call returned. An error number from 512 to 516 means that a signal interrupted the call, and that the
    /// kernel either makes it anew, which is reported as a call of its own, or turns the error into EINTR.</summary>
    public required CallResult Result { get; init; }

    /// <summary>Nanoseconds from letting the thread enter the kernel to hearing of its return: the call, and two changes
    /// of context on top (some microseconds).</summary>
    public required long ElapsedNanoseconds { get; init; }

    /// <summary>True when another memory call on the same address space was in progress at some time during this one.</summary>
    public required bool IsOverlapped { get; init; }
}
