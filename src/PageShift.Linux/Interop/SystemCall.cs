using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>The C library's <c>syscall</c>: the kernel's own numbers and results, with no wrapper's opinion between.</summary>
internal static partial class SystemCall
{
    /// <summary>Makes one system call of the running process.</summary>
    internal static CallResult Invoke(long number, nint first = 0, nint second = 0, nint third = 0, nint fourth = 0, nint fifth = 0, nint sixth = 0)
    {
        nint result = Syscall((nint)number, first, second, third, fourth, fifth, sixth);
        return result == -1 ? new CallResult(-Marshal.GetLastPInvokeError()) : new CallResult(result);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);
}
