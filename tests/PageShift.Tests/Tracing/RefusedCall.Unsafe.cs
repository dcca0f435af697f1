using System.Runtime.InteropServices;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>Runs code on a thread on which the kernel refuses one system call, as a container's or a security module's rules do.
/// Unsafe for the filter's pointer.</summary>
internal static unsafe partial class RefusedCall
{
    private const int SetFilter = 1;
    private const nint NumberSeccomp = 317;
    private const int NoNewPrivileges = 38;

    public static T Run<T>(uint number, uint error, Func<T> action)
    {
        T? result = default;
        bool isInstalled = false;
        var thread = new Thread(() =>
        {
            isInstalled = TryInstall(number, error);
            if (isInstalled)
                result = action();
        });
        thread.Start();
        thread.Join();
        Assert.SkipUnless(isInstalled, "seccomp is not permitted here.");
        return result!;
    }

    private static bool TryInstall(uint number, uint error)
    {
        // Load the number; when it is the one, return the error; else allow.
        ulong* program = stackalloc ulong[4] { 0x20, 0x15 | (1UL << 24) | ((ulong)number << 32), 0x06 | ((0x00050000UL | error) << 32), 0x06 | (0x7fff0000UL << 32) };
        var header = new Header { Length = 4, Program = program };
        _ = Control(NoNewPrivileges, 1, 0, 0, 0);
        return Seccomp(NumberSeccomp, SetFilter, 0, &header) == 0;
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Seccomp(nint number, nint operation, nint flags, Header* header);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public ushort Length;
        public ulong* Program;
    }
}
