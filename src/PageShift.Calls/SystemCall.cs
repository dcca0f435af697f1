using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>A call as data: what it does, and its arguments as numbers.</summary>
/// <param name="Kind">What the call does.</param>
/// <param name="Arguments">The arguments. Where <see cref="Number"/> is not null they are ready for the kernel or for the engine;
/// otherwise <see cref="CallKind"/> says what they hold.</param>
public readonly record struct SystemCall(CallKind Kind, CallArguments Arguments)
{
    /// <summary>The system call's number on x86-64, or null when the call is not one of the memory calls
    /// that <see cref="SystemCallNumber"/> lists.</summary>
    public SystemCallNumber? Number => Kind switch
    {
        CallKind.Map => SystemCallNumber.Map,
        CallKind.Unmap => SystemCallNumber.Unmap,
        CallKind.Remap => SystemCallNumber.Remap,
        CallKind.Protect => SystemCallNumber.Protect,
        CallKind.ProtectWithKey => SystemCallNumber.ProtectWithKey,
        CallKind.Advise => SystemCallNumber.Advise,
        CallKind.Break => SystemCallNumber.Break,
        CallKind.InCore => SystemCallNumber.InCore,
        CallKind.Lock => SystemCallNumber.Lock,
        CallKind.Lock2 => SystemCallNumber.Lock2,
        CallKind.Unlock => SystemCallNumber.Unlock,
        CallKind.LockAll => SystemCallNumber.LockAll,
        CallKind.UnlockAll => SystemCallNumber.UnlockAll,
        CallKind.Sync => SystemCallNumber.Sync,
        CallKind.Seal => SystemCallNumber.Seal,
        _ => null,
    };
}
