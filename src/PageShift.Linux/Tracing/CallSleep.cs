using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Tells whether a thread sleeps in a system call. Such a one does nothing with its memory until it wakes, so that it need not be stopped. Some calls would
/// fail if it were (EINTR): epoll_wait, semop, sigtimedwait, io_getevents, and reading from a socket with a timeout (signal(7)).
/// Source: proc_pid_syscall(5).</summary>
internal static class CallSleep
{
    /// <summary>True when <paramref name="thread"/> of <paramref name="process"/> sleeps in a call; false also where the kernel does not tell.</summary>
    public static bool Has(int process, int thread)
    {
        using SafeFileHandle? file = Kernel.Openat(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task/{thread}/syscall"), out _);
        if (file is null)
            return false;

        // "running", or the number of the call and more; -1 where it sleeps outside a call, in a page fault say.
        Span<byte> text = stackalloc byte[1];
        CallResult read = Kernel.Pread64(file, text, 0);
        return read.Raw == 1 && text[0] is >= (byte)'0' and <= (byte)'9';
    }
}
