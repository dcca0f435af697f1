using System.Diagnostics;
using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>One buffer takes another's pages, beside a copy of them.</summary>
public sealed class Appending() : SpeedRow("memory: append a buffer of 1 GiB to another", "a copy", new Target(RatioKind.TimesFaster, 1000))
{
    private const long GiB = 1 << 30;
    private const int FewestRounds = 5;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (!MemoryCapabilities.MovesPages)
            return NotPossible("the kernel does not move pages (Linux 5.7 and newer do)");
        using var first = new PageBuffer(GiB, new PageBufferOptions { Capacity = 2 * GiB });
        first.AsSpan(0, (int)GiB).Fill(1);
        var second = new PageBuffer(GiB);
        second.AsSpan(0, (int)GiB).Fill(2);
        var ours = new List<double>();
        var other = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (ours.Count < FewestRounds || Stopwatch.GetElapsedTime(start) < time)
        {
            long before = Stopwatch.GetTimestamp();
            first.Append(second);
            ours.Add(Stopwatch.GetElapsedTime(before).TotalNanoseconds);
            before = Stopwatch.GetTimestamp();
            LiveMemoryRows.Copy(first, GiB, 0, GiB); // onto pages that are there already, which is kinder than a fresh destination
            other.Add(Stopwatch.GetElapsedTime(before).TotalNanoseconds);
            second.Dispose();
            second = first.Split(GiB);
        }

        second.Dispose();
        ours.Sort();
        other.Sort();
        return Judge(new Quantity(ours[ours.Count / 2], Unit.Nanoseconds), new Quantity(other[other.Count / 2], Unit.Nanoseconds));
    }
}
