using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>tcgetpgrp(3) on the controlling terminal, and getpgrp(2).</summary>
internal static partial class ForegroundGroup
{
    /// <summary>True when this process belongs to the group to which its terminal sends Ctrl-C.</summary>
    public static bool IsOurs()
    {
        if (Files.OpenForReading("/dev/tty", out SafeFileHandle? terminal) != Errno.None)
            return false;

        using (terminal)
            return GetForeground(terminal!) == GetGroup();
    }

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int GetForeground(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int GetGroup();
}
