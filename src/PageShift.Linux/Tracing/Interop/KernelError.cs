using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>The error numbers that starting and following a process can give and that memory calls cannot,
/// and the reading of the last one. Source: <c>include/uapi/asm-generic/errno-base.h</c> (values).</summary>
internal static class KernelError
{
    /// <summary>ENOEXEC: the file's format is not one that the kernel runs.</summary>
    public const Errno ExecFormat = (Errno)8;

    /// <summary>ECHILD: nothing to wait for.</summary>
    public const Errno NoChild = (Errno)10;

    /// <summary>ENOTDIR: a component of the path is not a directory.</summary>
    public const Errno NotADirectory = (Errno)20;

    /// <summary>ENOTTY: the file does not know this request.</summary>
    public const Errno UnknownRequest = (Errno)25;

    /// <summary>ENODATA: the kernel has no such information at this moment.</summary>
    public const Errno NoData = (Errno)61;

    /// <summary>The error of the call that this thread made last.</summary>
    public static Errno Last => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>The value of a libc function that returns -1 on failure, as a kernel result.</summary>
    public static Errno Of(nint returned) => returned < 0 ? Last : Errno.None;
}
