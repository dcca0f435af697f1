using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>clock_gettime(2), for the processor time of processes. Source: <c>include/linux/posix-timers.h</c> (how a process's clock is numbered).</content>
internal static unsafe partial class Kernel
{
    private const int ProcessorClockKind = 2;

    /// <summary>The processor time of all threads that a process has and had, in nanoseconds, as the scheduler counts it: exact for threads that do not run.</summary>
    internal static CallResult ProcessorTimeOf(int process, out long nanoseconds)
    {
        Timespec time = default;
        CallResult result = Invoke(CallNumber.ClockGettime, (~process << 3) | ProcessorClockKind, (nint)(&time));
        nanoseconds = time.Nanoseconds;
        return result;
    }
}
