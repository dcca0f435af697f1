using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>A memory call that has returned. While <see cref="ITraceObserver.CallCompleted"/> runs, the thread is stopped
/// before its program sees the result.</summary>
public readonly struct CallExit
{
    /// <summary>The call as it was entered.</summary>
    public CallEntry Entry { get; internal init; }

    /// <summary>What the call returned. An error number from 512 to 516 means that a signal interrupted the call, and that the
    /// kernel either makes it anew, which is reported as a call of its own, or turns the error into EINTR.</summary>
    public CallResult Result { get; internal init; }

    /// <summary>Nanoseconds from letting the thread enter the kernel to hearing of its return: the call, and two changes
    /// of context on top (some microseconds).</summary>
    public long ElapsedNanoseconds { get; internal init; }

    /// <summary>Nanoseconds of processor time that the thread used meanwhile: the call, with the thread's part of the stops. Waiting is no part of it. Null where it was not measured: for calls
    /// that move nothing, but for the first of a run, and on a kernel that does not tell.</summary>
    internal long? ProcessorNanoseconds { get; init; }

    /// <summary>True when another memory call on the same address space was in progress at some time during this one.</summary>
    internal bool IsOverlapped { get; init; }
}
