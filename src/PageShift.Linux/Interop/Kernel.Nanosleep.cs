using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>nanosleep(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Sleeps, or until a signal comes.</summary>
    internal static CallResult Nanosleep(TimeSpan time)
    {
        Timespec duration = Timespec.Of(time);
        return Invoke(CallNumber.Nanosleep, (nint)(&duration));
    }
}
