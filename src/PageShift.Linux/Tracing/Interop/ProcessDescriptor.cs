using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>pidfd_open(2) and pidfd_send_signal(2): a process that can be signalled without the danger that its number
/// meanwhile belongs to another. Thread-safe.</summary>
internal sealed partial class ProcessDescriptor : SafeHandleMinusOneIsInvalid
{
    private const int NumberPidFdSendSignal = 424;
    private const int NumberPidFdOpen = 434;

    private ProcessDescriptor(nint descriptor) : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>Opens the process; null when it is gone or the kernel is older than 5.3.</summary>
    public static ProcessDescriptor? Open(int process)
    {
        nint descriptor = Open_(NumberPidFdOpen, process, 0);
        return descriptor < 0 ? null : new ProcessDescriptor(descriptor);
    }

    /// <summary>Sends <paramref name="signal"/>; ESRCH when the process has ended.</summary>
    public Errno Send(int signal) => KernelError.Of(Send_(NumberPidFdSendSignal, this, signal, 0, 0));

    protected override bool ReleaseHandle() => Files.Close((int)handle) == Errno.None;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Open_(nint number, nint process, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Send_(nint number, ProcessDescriptor descriptor, nint signal, nint information, nint flags);
}
