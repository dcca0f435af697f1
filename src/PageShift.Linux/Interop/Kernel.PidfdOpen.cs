using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>pidfd_open(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Holds a process by a name that is never used again for another; closed in a program that this process executes.
    /// ESRCH when it is gone, ENOSYS before Linux 5.3.</summary>
    internal static SafeFileHandle? PidfdOpen(int process, out Errno error) => Opened(Invoke(CallNumber.PidfdOpen, process), out error);
}
