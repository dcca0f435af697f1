using System.Runtime.InteropServices;
using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>perf_event_open(2) for tracepoints, with their filter.
/// Source: <c>include/uapi/linux/perf_event.h</c> (layout and values).</summary>
internal static unsafe class PerfEvent
{
    private const long ReadNumber = 0;
    private const long ControlNumber = 16;
    private const long OpenNumber = 298;
    private const uint TracepointType = 2;
    private const nint SetFilterRequest = 0x40082406;
    private const nint CloseOnExec = 8;
    private const nint AnyProcessor = -1;

    /// <summary>Opens a counter of one tracepoint in one thread. It counts at once.</summary>
    /// <param name="tracepoint">The tracepoint's number in tracefs.</param>
    /// <param name="threadId">The thread whose events are counted.</param>
    /// <param name="groupLeader">A counter that is read together with this one, or -1.</param>
    internal static CallResult OpenTracepoint(ulong tracepoint, int threadId, int groupLeader)
    {
        var attribute = new Attribute
        {
            Type = TracepointType,
            Size = (uint)sizeof(Attribute),
            Config = tracepoint,
            ReadFormat = Attribute.ReadGroup,
        };
        return SystemCall.Invoke(OpenNumber, (nint)(&attribute), threadId, AnyProcessor, groupLeader, CloseOnExec);
    }

    /// <summary>Counts only the events that <paramref name="zeroTerminatedFilter"/> accepts.</summary>
    internal static CallResult SetFilter(int descriptor, ReadOnlySpan<byte> zeroTerminatedFilter)
    {
        fixed (byte* filter = zeroTerminatedFilter)
        {
            return SystemCall.Invoke(ControlNumber, descriptor, SetFilterRequest, (nint)filter);
        }
    }

    /// <summary>Reads a group: the number of counters, then their values in the order in which they were opened.</summary>
    internal static CallResult ReadGroup(int leader, Span<ulong> values)
    {
        fixed (ulong* pointer = values)
        {
            return SystemCall.Invoke(ReadNumber, leader, (nint)pointer, values.Length * sizeof(ulong));
        }
    }

    /// <summary>The first version (64 bytes) of the kernel's <c>struct perf_event_attr</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    internal struct Attribute
    {
        internal const ulong ReadGroup = 1 << 3;

        internal uint Type;
        internal uint Size;
        internal ulong Config;
        internal ulong SamplePeriod;
        internal ulong SampleType;
        internal ulong ReadFormat;
        internal ulong Options;
    }
}
