using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>pidfd_send_signal(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Sends a signal to a held process; ESRCH when it has ended.</summary>
    internal static CallResult PidfdSendSignal(SafeHandle process, int signal)
    {
        using var held = new Held(process);
        return Invoke(CallNumber.PidfdSendSignal, held.Descriptor, signal);
    }
}
