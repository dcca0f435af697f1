using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>perf_event_open(2) for tracepoints, with their filter.
/// Source: <c>include/uapi/linux/perf_event.h</c> (layout and values).</content>
internal static unsafe partial class Kernel
{
    private const uint SetFilterRequest = 0x40082406;
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
    internal const uint Tracepoint = 2;
    internal const ulong ReadGroup = 1 << 3;

    internal uint Type;
    internal uint Size;
    internal ulong Config;
    internal ulong SamplePeriod;
    internal ulong SampleType;
    internal ulong ReadFormat;
    internal ulong Options;
}
