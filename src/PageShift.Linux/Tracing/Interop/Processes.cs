using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>kill(2), for a child or tracee that has not been waited for, so that its number can't belong to another.</summary>
internal static partial class Processes
{
    public static Errno Kill(int process) => KernelError.Of(Send(process, Signals.Kill));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
