using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Tracing.Interop;

/// <summary>ptrace(2), with the requests that a seizing tracer needs. Only the thread that seized a tracee may use them.
/// Source: <c>include/uapi/linux/ptrace.h</c> (values).</summary>
internal static unsafe partial class Ptrace
{
    private const int RequestContinue = 7;
    private const int RequestGetRegisters = 12;
    private const int RequestSetRegisters = 13;
    private const int RequestSystemCall = 24;
    private const int RequestGetEventMessage = 0x4201;
    private const int RequestGetSignalInformation = 0x4202;
    private const int RequestSeize = 0x4206;
    private const int RequestInterrupt = 0x4207;
    private const int RequestListen = 0x4208;
    private const int RequestGetSystemCallInfo = 0x420E;

    // siginfo_t: 128 bytes, of which the third word is si_code.
    private const int SignalInformationWords = 32;
    private const int SignalInformationCode = 2;

    /// <summary>The events that stop a tracee, and what happens to it when the tracer dies: PTRACE_O_*.</summary>
    [Flags]
    public enum Options : uint
    {
        MarkSystemCallStops = 1 << 0,
        StopAtFork = 1 << 1,
        StopAtVfork = 1 << 2,
        StopAtClone = 1 << 3,
        StopAtExec = 1 << 4,
        StopAtExit = 1 << 6,
        StopAtFilter = 1 << 7,
        KillWithTracer = 1 << 20,
    }

    /// <summary>Makes the calling thread the tracer of <paramref name="thread"/>, without stopping it.</summary>
    public static Errno Seize(int thread, Options options) => Call(RequestSeize, thread, 0, (nint)options);

    /// <summary>Stops a running tracee.</summary>
    public static Errno Interrupt(int thread) => Call(RequestInterrupt, thread, 0, 0);

    /// <summary>Lets a tracee run; <paramref name="signal"/> is delivered first when not 0.</summary>
    public static Errno Continue(int thread, int signal) => Call(RequestContinue, thread, 0, signal);

    /// <summary>Lets a tracee run up to its next system call entry or exit; <paramref name="signal"/> is delivered first when not 0.</summary>
    public static Errno ContinueToSystemCall(int thread, int signal) => Call(RequestSystemCall, thread, 0, signal);

    /// <summary>Leaves a tracee in its job-control stop, so that SIGCONT can end it.</summary>
    public static Errno Listen(int thread) => Call(RequestListen, thread, 0, 0);

    /// <summary>The number that belongs to <paramref name="expected"/>: for a birth, the new thread. ESRCH when the tracee was killed in that
    /// stop; it may be in another one then, with a number of its own.</summary>
    public static Errno GetEventMessage(int thread, StopEvent expected, out ulong message)
    {
        ulong read = 0;
        int* information = stackalloc int[SignalInformationWords];
        Errno error = Call(RequestGetEventMessage, thread, 0, (nint)(&read));
        if (error == Errno.None)
            error = Call(RequestGetSignalInformation, thread, 0, (nint)information);

        message = read;
        bool isExpected = information[SignalInformationCode] == (Signals.Trap | ((int)expected << 8));
        return error == Errno.None && !isExpected ? Errno.NoSuchProcess : error;
    }

    public static Errno GetRegisters(int thread, out Registers registers)
    {
        fixed (Registers* destination = &registers)
        {
            Unsafe.InitBlock(destination, 0, (uint)sizeof(Registers));
            return Call(RequestGetRegisters, thread, 0, (nint)destination);
        }
    }

    public static Errno SetRegisters(int thread, in Registers registers)
    {
        fixed (Registers* source = &registers)
            return Call(RequestSetRegisters, thread, 0, (nint)source);
    }

    /// <summary>Reads number, arguments or result of the system call at which a tracee is stopped.</summary>
    public static Errno GetSystemCallStop(int thread, ref SystemCallStop stop)
    {
        fixed (SystemCallStop* destination = &stop)
            return Call(RequestGetSystemCallInfo, thread, sizeof(SystemCallStop), (nint)destination);
    }

    private static Errno Call(int request, int thread, nint address, nint data) =>
        KernelError.Of(Ptrace_(request, thread, address, data));

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial nint Ptrace_(nint request, nint thread, nint address, nint data);
}
