using System.Runtime.InteropServices;

namespace PageShift.Linux.Interop;

/// <summary>The kernel's <c>struct __kernel_timespec</c>, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Timespec
{
    private readonly long _seconds;
    private readonly long _nanoseconds;

    private Timespec(long seconds, long nanoseconds) => (_seconds, _nanoseconds) = (seconds, nanoseconds);

    /// <summary>The whole time, in nanoseconds.</summary>
    internal long Nanoseconds => (_seconds * 1_000_000_000) + _nanoseconds;

    internal static Timespec Of(TimeSpan time) =>
        new(time.Ticks / TimeSpan.TicksPerSecond, time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
}
