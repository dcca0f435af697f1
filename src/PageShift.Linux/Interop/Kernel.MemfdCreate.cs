using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>memfd_create(2). Source: <c>include/uapi/linux/memfd.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    private const nint MemoryFileClosesOnExec = 1;
    private const nint MemoryFileIsExecutable = 0x10;

    /// <summary>Makes an empty file in memory that may be executed. MFD_EXEC is unknown before Linux 6.3, where it is also not needed.</summary>
    internal static SafeFileHandle? MemfdCreateExecutable(string name, out Errno error)
    {
        fixed (byte* start = ZeroTerminated(name))
        {
            CallResult made = Invoke(CallNumber.MemfdCreate, (nint)start, MemoryFileClosesOnExec | MemoryFileIsExecutable);
            if (made.Error == Errno.InvalidArgument)
                made = Invoke(CallNumber.MemfdCreate, (nint)start, MemoryFileClosesOnExec);
            return Opened(made, out error);
        }
    }
}
