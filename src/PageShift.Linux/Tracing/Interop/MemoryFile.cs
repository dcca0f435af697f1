using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>memfd_create(2): a file without a name, in memory. Source: <c>include/uapi/linux/memfd.h</c> (values).</summary>
internal static partial class MemoryFile
{
    private const uint CloseOnExec = 1;
    private const uint Executable = 0x10;

    /// <summary>Makes a file that may be executed; it closes itself in a process that executes another.</summary>
    public static Errno CreateExecutable(string name, out int descriptor)
    {
        descriptor = Create_(name, CloseOnExec | Executable);

        // Before 6.3 every such file was executable, and the flag was unknown.
        if (descriptor < 0 && KernelError.Last == Errno.InvalidArgument)
            descriptor = Create_(name, CloseOnExec);

        return KernelError.Of(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Create_(string name, uint flags);
}
