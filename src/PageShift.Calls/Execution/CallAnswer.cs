using PageShift.Abi;
using PageShift.Translation;

namespace PageShift.Calls.Execution;

/// <summary>What came of one call on the engine or on the running kernel.</summary>
/// <param name="Result">The call's result. For an access 0 (memset) or the first byte (memread), or the errno that stands for its signal: see <see cref="OfFault"/>.</param>
/// <param name="BytesDone">The bytes that an access loaded or stored before the end or the first fault.</param>
/// <param name="FaultAddress">Where an access faulted; 0 when it did not, or when the address was not canonical.</param>
public readonly record struct CallAnswer(CallResult Result, ulong BytesDone = 0, ulong FaultAddress = 0)
{
    /// <summary>Why the call was not made, in words; null when it was. Then nothing has changed, and the rest says nothing.</summary>
    public string? WhyNot { get; init; }

    /// <summary>True when the call was made.</summary>
    public bool IsMade => WhyNot is null;

    /// <summary>The moves of page-table entries that it made; counted where somebody observes them (<see cref="EngineTarget.MoveObserver"/>).</summary>
    public int Moves { get; init; }

    /// <summary>How long the running kernel took, in nanoseconds; 0 where that was not measured.</summary>
    public long Nanoseconds { get; init; }

    /// <summary>A call that was not made.</summary>
    public static CallAnswer NotMade(string why) => new(default) { WhyNot = why };

    /// <summary>The answer of a memread that succeeded: the first byte.</summary>
    public CallAnswer WithFirstByte(ReadOnlySpan<byte> bytes) =>
        !IsMade || Result.IsError || bytes.IsEmpty ? this : this with { Result = new CallResult(bytes[0]) };

    // signal     code           as a result
    // SIGSEGV    SEGV_MAPERR    EFAULT, also where the address is not canonical
    // SIGSEGV    SEGV_ACCERR    EACCES, and so has SEGV_PKUERR
    // SIGBUS     BUS_ADRERR     EIO
    /// <summary>The result that stands for a fault, in logs too, as an access has no errno of its own.</summary>
    public static CallResult OfFault(AccessFault fault) => fault switch
    {
        AccessFault.None => CallResult.Success,
        AccessFault.NotMapped or AccessFault.GuardPage or AccessFault.NonCanonical => Errno.BadAddress,
        AccessFault.NotPermitted => Errno.AccessDenied,
        AccessFault.BeyondObject => Errno.InputOutput,
        _ => Errno.OutOfMemory,
    };
}
