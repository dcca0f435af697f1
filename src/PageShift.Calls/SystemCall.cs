using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>A call as data: what it does, and its arguments as numbers.</summary>
/// <param name="Kind">What the call does.</param>
/// <param name="Arguments">The arguments. Where <see cref="Number"/> is not null they are ready for the kernel or for the engine;
/// otherwise <see cref="CallKind"/> says what they hold.</param>
public readonly record struct SystemCall(CallKind Kind, CallArguments Arguments)
{
    private static readonly (CallKind Kind, SystemCallNumber Number)[] Numbers =
    [
        (CallKind.Map, SystemCallNumber.Map),
        (CallKind.Unmap, SystemCallNumber.Unmap),
        (CallKind.Remap, SystemCallNumber.Remap),
        (CallKind.Protect, SystemCallNumber.Protect),
        (CallKind.ProtectWithKey, SystemCallNumber.ProtectWithKey),
        (CallKind.Advise, SystemCallNumber.Advise),
        (CallKind.Break, SystemCallNumber.Break),
        (CallKind.InCore, SystemCallNumber.InCore),
        (CallKind.Lock, SystemCallNumber.Lock),
        (CallKind.Lock2, SystemCallNumber.Lock2),
        (CallKind.Unlock, SystemCallNumber.Unlock),
        (CallKind.LockAll, SystemCallNumber.LockAll),
        (CallKind.UnlockAll, SystemCallNumber.UnlockAll),
        (CallKind.Sync, SystemCallNumber.Sync),
        (CallKind.Seal, SystemCallNumber.Seal),
    ];

    /// <summary>The system call's number on x86-64, or null when the call is not one of the memory calls
    /// that <see cref="SystemCallNumber"/> lists.</summary>
    public SystemCallNumber? Number
    {
        get
        {
            foreach ((CallKind kind, SystemCallNumber number) in Numbers)
            {
                if (kind == Kind)
                    return number;
            }

            return null;
        }
    }

    /// <summary>The name of any system call of x86-64; <c>syscall_0x...</c> for a number that is not known here.</summary>
    public static string NameOf(long number) => SystemCallNames.OfNumber(number);

    /// <summary>The call of a number.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is none of those that <see cref="SystemCallNumber"/> lists.</exception>
    public static SystemCall Of(SystemCallNumber number, CallArguments arguments)
    {
        foreach ((CallKind kind, SystemCallNumber candidate) in Numbers)
        {
            if (candidate == number)
                return new SystemCall(kind, arguments);
        }

        throw new ArgumentOutOfRangeException(nameof(number), number, "This is not the number of a memory call.");
    }
}
