using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>openat(2).</content>
internal static unsafe partial class Kernel
{
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;

    /// <summary>Opens a file for reading; closed in a program that this process executes.</summary>
    internal static SafeFileHandle? Openat(string path, out Errno error)
    {
        fixed (byte* name = ZeroTerminated(path))
            return Opened(Invoke(CallNumber.Openat, WorkingDirectory, (nint)name, ReadOnly | CloseOnExec), out error);
    }
}
