using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>perf_event_open(2) for tracepoints, with their filter, and for samples of what processors do.
/// Source: <c>include/uapi/linux/perf_event.h</c> (layout and values).</content>
internal static unsafe partial class Kernel
{
    private const uint SetFilterRequest = 0x40082406;
    private const uint SetOutputRequest = 0x2405;
    private const uint EnableRequest = 0x2400;
    private const uint DisableRequest = 0x2401;
    private const nint CounterClosesOnExec = 8;
    private const nint AnyProcessor = -1;

    /// <summary>Opens a counter of one tracepoint in one thread. It counts at once. Reading the group's leader gives the number of counters, then
    /// their values in the order in which they were opened.</summary>
    /// <param name="tracepoint">The tracepoint's number in tracefs.</param>
    /// <param name="thread">The thread whose events are counted.</param>
    /// <param name="groupLeader">A counter that is read together with this one, or null.</param>
    /// <param name="error">Why the result is null.</param>
    internal static SafeFileHandle? PerfEventOpen(ulong tracepoint, int thread, SafeHandle? groupLeader, out Errno error)
    {
        var attribute = new PerfEventAttribute
        {
            Type = PerfEventAttribute.Tracepoint,
            Size = (uint)sizeof(PerfEventAttribute),
            Config = tracepoint,
            ReadFormat = PerfEventAttribute.ReadGroup,
        };
        using var held = new Held(groupLeader);
        return Opened(Invoke(CallNumber.PerfEventOpen, (nint)(&attribute), thread, AnyProcessor, held.Descriptor, CounterClosesOnExec), out error);
    }

    /// <summary>Opens an event that leaves the kernel's chain of calls each time the thread, or one that it makes from now on, has used so much of a processor's time.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="processor">The processor; an event that others inherit has to be of one only.</param>
    /// <param name="nanoseconds">The time between two samples.</param>
    /// <param name="error">Why the result is null.</param>
    internal static SafeFileHandle? PerfEventOpenSampling(int thread, int processor, ulong nanoseconds, out Errno error)
    {
        var attribute = new PerfEventAttribute
        {
            Type = PerfEventAttribute.Software,
            Size = (uint)sizeof(PerfEventAttribute),
            Config = PerfEventAttribute.ProcessorClock,
            SamplePeriod = nanoseconds,
            SampleType = PerfEventAttribute.SampleCallChain,
            Options = PerfEventAttribute.Inherited | PerfEventAttribute.WithoutUserChain,
        };
        return Opened(Invoke(CallNumber.PerfEventOpen, (nint)(&attribute), thread, processor, -1, CounterClosesOnExec), out error);
    }

    /// <summary>Lets an event leave its samples in another one's ring.</summary>
    internal static CallResult IoctlSetOutput(SafeHandle further, SafeHandle first)
    {
        using var held = new Held(further);
        using var to = new Held(first);
        return Invoke(CallNumber.Ioctl, held.Descriptor, (nint)SetOutputRequest, to.Descriptor);
    }

    /// <summary>Lets an event count, or no longer, with those that threads have inherited from it.</summary>
    internal static CallResult IoctlEnable(SafeHandle counter, bool isWanted) => Ioctl(counter, isWanted ? EnableRequest : DisableRequest, null);

    /// <summary>Lets a counter count only the events that a filter accepts.</summary>
    internal static CallResult IoctlSetFilter(SafeHandle counter, string filter)
    {
        fixed (byte* text = ZeroTerminated(filter))
            return Ioctl(counter, SetFilterRequest, text);
    }
}

/// <summary>The first version (64 bytes) of the kernel's <c>struct perf_event_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct PerfEventAttribute
{
    internal const uint Software = 1;
    internal const uint Tracepoint = 2;

    /// <summary>PERF_COUNT_SW_CPU_CLOCK.</summary>
    internal const ulong ProcessorClock = 0;

    internal const ulong SampleCallChain = 1 << 5;
    internal const ulong Inherited = 1 << 1;
    internal const ulong WithoutUserChain = 1 << 22;
    internal const ulong ReadGroup = 1 << 3;

    internal uint Type;
    internal uint Size;
    internal ulong Config;
    internal ulong SamplePeriod;
    internal ulong SampleType;
    internal ulong ReadFormat;
    internal ulong Options;
}
