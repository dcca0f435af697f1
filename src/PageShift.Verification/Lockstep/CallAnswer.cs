using PageShift.Abi;
using PageShift.Linux;
using PageShift.Translation;

namespace PageShift.Verification;

/// <summary>What one side, the engine or the kernel, answered to one call.</summary>
/// <param name="Result">The call's result. For an access 0 (memset) or the first byte (memread), or the errno that stands for its signal: see <see cref="OfFault"/>.</param>
/// <param name="BytesDone">The bytes that an access loaded or stored before the end or the first fault.</param>
/// <param name="FaultAddress">Where an access faulted; 0 when it did not, or when the address was not canonical.</param>
internal readonly record struct CallAnswer(CallResult Result, ulong BytesDone = 0, ulong FaultAddress = 0)
{
    /// <summary>Why nothing was done, on the side of the kernel; then the other side is not asked.</summary>
    internal Refusal Refusal { get; init; }

    /// <summary>A call that was not made.</summary>
    internal static CallAnswer Refused(Refusal refusal) => new(default) { Refusal = refusal };

    /// <summary>The answer of a memread that succeeded: the first byte.</summary>
    internal CallAnswer WithFirstByte(ReadOnlySpan<byte> bytes) =>
        Refusal != Refusal.None || Result.IsError || bytes.IsEmpty ? this : this with { Result = new CallResult(bytes[0]) };

    /// <summary>An access as the kernel ended it.</summary>
    internal static CallAnswer OfAccess(in MemoryAccess access) => new(
        access.Signal switch
        {
            0 => CallResult.Success,
            MemoryAccess.BusError => Errno.InputOutput,
            _ when access.SignalCode is MemoryAccess.NotPermitted or MemoryAccess.NotPermittedByKey => Errno.AccessDenied,
            _ => Errno.BadAddress,
        },
        access.BytesDone.Value,
        access.FaultAddress.Value)
    {
        Refusal = access.Refusal,
    };

    // signal     code           as a result
    // SIGSEGV    SEGV_MAPERR    EFAULT, also where the address is not canonical
    // SIGSEGV    SEGV_ACCERR    EACCES, and so has SEGV_PKUERR
    // SIGBUS     BUS_ADRERR     EIO
    /// <summary>The result that stands for a fault, in logs too, as an access has no errno of its own.</summary>
    internal static CallResult OfFault(AccessFault fault) => fault switch
    {
        AccessFault.None => CallResult.Success,
        AccessFault.NotMapped or AccessFault.GuardPage or AccessFault.NonCanonical => Errno.BadAddress,
        AccessFault.NotPermitted => Errno.AccessDenied,
        AccessFault.BeyondObject => Errno.InputOutput,
        _ => Errno.OutOfMemory,
    };
}
