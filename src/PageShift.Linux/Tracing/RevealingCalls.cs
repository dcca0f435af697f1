using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>The calls of one interface that would show a program that it is traced, were they not looked at: those that wait for a
/// child without blocking, and those that read or change what the tracer's filter is part of.
/// Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c> and <c>syscall_32.tbl</c>, <c>include/uapi/linux/prctl.h</c>,
/// <c>include/uapi/linux/seccomp.h</c>, <c>include/uapi/linux/wait.h</c> (values).</summary>
/// <param name="Seccomp">The number of seccomp.</param>
/// <param name="Control">The number of prctl.</param>
/// <param name="Waits">The numbers of the calls that wait for a child, and which argument has their options.</param>
internal sealed record RevealingCalls(uint Seccomp, uint Control, (uint Number, int Options)[] Waits)
{
    /// <summary>WNOHANG.</summary>
    public const uint WithoutBlocking = 1;

    /// <summary>PR_GET_SECCOMP.</summary>
    public const uint GetSeccomp = 21;

    /// <summary>PR_SET_SECCOMP.</summary>
    public const uint SetSeccomp = 22;

    /// <summary>PR_SET_NO_NEW_PRIVS.</summary>
    public const uint SetNoNewPrivileges = 38;

    /// <summary>PR_GET_NO_NEW_PRIVS.</summary>
    public const uint GetNoNewPrivileges = 39;

    /// <summary>SECCOMP_MODE_STRICT, as prctl names it.</summary>
    public const ulong StrictMode = 1;

    /// <summary>SECCOMP_SET_MODE_STRICT, as seccomp names it.</summary>
    public const ulong SetStrict = 0;

    /// <summary>SECCOMP_SET_MODE_FILTER.</summary>
    public const ulong SetFilter = 1;

    /// <summary>SECCOMP_FILTER_FLAG_TSYNC: the filter is for all threads, and so is no_new_privs.</summary>
    public const ulong ForAllThreads = 1;

    /// <summary>The 64-bit interface's numbers, which are those of the x32 interface without its mark. 529 is that one's own waitid.</summary>
    public static readonly RevealingCalls X64 = new(317, 157, [(61, 2), (247, 3), (529, 3)]);

    /// <summary>The 32-bit interface's numbers.</summary>
    public static readonly RevealingCalls I386 = new(354, 172, [(7, 2), (114, 2), (284, 3)]);

    /// <summary>The requests to prctl that are looked at.</summary>
    public static readonly uint[] ControlOptions = [GetSeccomp, SetSeccomp, SetNoNewPrivileges, GetNoNewPrivileges];

    /// <summary>True when the call waits for a child without blocking.</summary>
    public bool IsWaitWithoutBlocking(long number, in CallArguments arguments)
    {
        foreach ((uint wait, int options) in Waits)
        {
            if (number == wait)
                return ((uint)arguments[options] & WithoutBlocking) != 0;
        }

        return false;
    }
}
