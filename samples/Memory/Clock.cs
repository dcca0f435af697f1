using System.Diagnostics;
using System.Globalization;

namespace PageShift.Memory.Samples;

/// <summary>Times work, and says what it saved.</summary>
internal static class Clock
{
    internal static TimeSpan Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start);
    }

    internal static string Text(TimeSpan time) => time.TotalMilliseconds >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:f1} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:f0} us");

    internal static string Saved(TimeSpan ours, TimeSpan other) =>
        string.Create(CultureInfo.InvariantCulture, $"saved {Text(other - ours)}, {other / ours:f1} times faster");
}
