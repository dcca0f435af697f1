using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>kill(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Sends a signal to a child or tracee that has not been waited for, so that its number can't belong to another.</summary>
    internal static CallResult Kill(int process, int signal) => Invoke(CallNumber.Kill, process, signal);
}
