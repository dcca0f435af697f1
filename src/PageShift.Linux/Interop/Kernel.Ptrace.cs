using System.Runtime.CompilerServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>ptrace(2), with the requests that a seizing tracer needs. Only the thread that seized a tracee may make them.
/// Source: <c>include/uapi/linux/ptrace.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    // siginfo_t: 128 bytes, of which the third word is si_code.
    private const int SignalInformationWords = 32;
    private const int SignalInformationCode = 2;

    /// <summary>PTRACE_*: what is asked for.</summary>
    private enum PtraceRequest
    {
        PeekData = 2,
        PokeData = 5,
        Continue = 7,
        GetRegisters = 12,
        SetRegisters = 13,
        Detach = 17,
        SystemCall = 24,
        GetEventMessage = 0x4201,
        GetSignalInformation = 0x4202,
        Seize = 0x4206,
        Interrupt = 0x4207,
        Listen = 0x4208,
        GetSystemCallInformation = 0x420E,
    }

    /// <summary>Makes the calling thread the tracer of <paramref name="thread"/>, without stopping it.</summary>
    internal static CallResult PtraceSeize(int thread, PtraceOptions options) => Ptrace(PtraceRequest.Seize, thread, 0, (nint)options);

    /// <summary>Stops a running tracee.</summary>
    internal static CallResult PtraceInterrupt(int thread) => Ptrace(PtraceRequest.Interrupt, thread);

    /// <summary>Lets a tracee run; <paramref name="signal"/> is delivered first when not 0.</summary>
    internal static CallResult PtraceContinue(int thread, int signal = 0) => Ptrace(PtraceRequest.Continue, thread, 0, signal);

    /// <summary>Lets a tracee run up to its next system call entry or exit; <paramref name="signal"/> is delivered first when not 0.</summary>
    internal static CallResult PtraceSystemCall(int thread, int signal = 0) => Ptrace(PtraceRequest.SystemCall, thread, 0, signal);

    /// <summary>Lets a tracee run as <see cref="PtraceContinue"/> or <see cref="PtraceSystemCall"/> do, and then on these processors. Nothing of the runtime's comes between the two, such as the compiler or the
    /// collector, for which the caller would sleep: two calls without a change of the garbage collector's mode, in code that is compiled before it begins.</summary>
    internal static void PtraceGoOn(int thread, bool untilSystemCall, int signal, in ProcessorSet processors)
    {
        fixed (ProcessorSet* bits = &processors)
            GoOn((nint)(untilSystemCall ? PtraceRequest.SystemCall : PtraceRequest.Continue), thread, signal, bits);
    }

    // The collector may stop a thread at the end of a block of code, and so not between these two.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void GoOn(nint request, nint thread, nint signal, ProcessorSet* processors)
    {
        _ = SyscallAtOnce((nint)CallNumber.Ptrace, request, thread, 0, signal, 0, 0);
        _ = SyscallAtOnce((nint)CallNumber.SchedSetaffinity, thread, sizeof(ProcessorSet), (nint)processors, 0, 0, 0);
    }

    /// <summary>Ends the tracing of a stopped tracee, and lets it run; <paramref name="signal"/> is delivered first when not 0.</summary>
    internal static CallResult PtraceDetach(int thread, int signal) => Ptrace(PtraceRequest.Detach, thread, 0, signal);

    /// <summary>Leaves a tracee in its job-control stop, so that SIGCONT can end it.</summary>
    internal static CallResult PtraceListen(int thread) => Ptrace(PtraceRequest.Listen, thread);

    /// <summary>The number that belongs to <paramref name="expected"/>: for a birth, the new thread. ESRCH when the tracee was killed in that
    /// stop; it may be in another one then, with a number of its own.</summary>
    internal static CallResult PtraceGetEventMessage(int thread, StopEvent expected, out ulong message)
    {
        ulong read = 0;
        int* information = stackalloc int[SignalInformationWords];
        CallResult result = Ptrace(PtraceRequest.GetEventMessage, thread, 0, (nint)(&read));
        if (!result.IsError)
            result = Ptrace(PtraceRequest.GetSignalInformation, thread, 0, (nint)information);

        message = read;
        bool isExpected = information[SignalInformationCode] == (Signals.Trap | ((int)expected << 8));
        return result.IsError || isExpected ? result : Errno.NoSuchProcess;
    }

    /// <summary>Reads the registers of a stopped tracee.</summary>
    internal static CallResult PtraceGetRegisters(int thread, out Registers registers)
    {
        fixed (Registers* destination = &registers)
        {
            Unsafe.InitBlock(destination, 0, (uint)sizeof(Registers));
            return Ptrace(PtraceRequest.GetRegisters, thread, 0, (nint)destination);
        }
    }

    /// <summary>Sets the registers of a stopped tracee.</summary>
    internal static CallResult PtraceSetRegisters(int thread, in Registers registers)
    {
        fixed (Registers* source = &registers)
            return Ptrace(PtraceRequest.SetRegisters, thread, 0, (nint)source);
    }

    /// <summary>Reads a word of a stopped tracee's memory, whatever the protection of its page.</summary>
    internal static CallResult PtracePeek(int thread, ulong address, out ulong word)
    {
        fixed (ulong* destination = &word)
        {
            *destination = 0;
            return Ptrace(PtraceRequest.PeekData, thread, (nint)address, (nint)destination);
        }
    }

    /// <summary>Writes a word of a stopped tracee's memory, whatever the protection of its page.</summary>
    internal static CallResult PtracePoke(int thread, ulong address, ulong word) => Ptrace(PtraceRequest.PokeData, thread, (nint)address, (nint)word);

    /// <summary>Reads number, arguments or result of the system call at which a tracee is stopped.</summary>
    /// <returns>False when it is not, as when it was killed after it had stopped there: then it runs, or has stopped again on its way to its end.</returns>
    internal static bool PtraceTryGetSystemCall(int thread, ref SystemCallStop stop)
    {
        fixed (SystemCallStop* destination = &stop)
        {
            return !Ptrace(PtraceRequest.GetSystemCallInformation, thread, sizeof(SystemCallStop), (nint)destination).IsError && stop.Operation != SystemCallStop.NotAtCall;
        }
    }

    private static CallResult Ptrace(PtraceRequest request, int thread, nint address = 0, nint data = 0) =>
        Invoke(CallNumber.Ptrace, (nint)request, thread, address, data);
}

/// <summary>PTRACE_O_*: the events that stop a tracee, and what happens to it when the tracer dies.</summary>
[Flags]
internal enum PtraceOptions : uint
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
