using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>pidfd_open(2), pidfd_send_signal(2), poll(2) and wait4(2): to hold one process by a name that is never used again for another.</summary>
internal static unsafe class ProcessDescriptor
{
    private const long PollNumber = 7;
    private const long WaitNumber = 61;
    private const long SendSignalNumber = 424;
    private const long OpenNumber = 434;
    private const int KillSignal = 9;
    private const ulong PollIn = 1UL << 32;

    /// <summary>Opens a descriptor of the process; it is close-on-exec by itself.</summary>
    internal static CallResult Open(int processId) => SystemCall.Invoke(OpenNumber, processId);

    /// <summary>Sends SIGKILL.</summary>
    internal static CallResult Kill(int descriptor) => SystemCall.Invoke(SendSignalNumber, descriptor, KillSignal);

    /// <summary>True when the process has ended, or ends within <paramref name="milliseconds"/>.</summary>
    internal static bool WaitForEnd(int descriptor, int milliseconds)
    {
        ulong entry = PollIn | (uint)descriptor;
        return SystemCall.Invoke(PollNumber, (nint)(&entry), 1, milliseconds).Raw > 0;
    }

    /// <summary>Removes the entry of a child that has ended from the process table.</summary>
    internal static CallResult Reap(int processId) => SystemCall.Invoke(WaitNumber, processId);
}
