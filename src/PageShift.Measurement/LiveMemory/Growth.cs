using System.Globalization;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Growing to 1.9 GiB by appending 1 MiB at a time, beside another container that does the same. Each round begins with no memory kept, so the figure holds the faults of its pages; giving the memory back is
/// not part of it, for either side.</summary>
/// <param name="rival">The other container, by its name in <see cref="GrowingContainers"/>.</param>
/// <param name="target">What it is meant to reach.</param>
public sealed class Growth(string rival, Target target)
    : SpeedRow("memory: grow to 1.9 GiB by appending 1 MiB at a time", rival, target)
{
    private const int FewestRounds = 5;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        double[] medians = Turns.Medians(time, FewestRounds, () => GrowthRun.Time(GrowingContainers.Ours), () => GrowthRun.Time(Against));
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }
}

/// <summary>The memory that growing to 1.9 GiB takes at its peak, beside that of another container.</summary>
/// <param name="rival">The other container, by its name in <see cref="GrowingContainers"/>.</param>
/// <param name="target">What it is meant to reach.</param>
public sealed class GrowthPeak(string rival, Target target)
    : SpeedRow("memory: peak while growing to 1.9 GiB", rival, target)
{
    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (GrowthRun.Peak(GrowingContainers.Ours) is not { } ours || GrowthRun.Peak(Against) is not { } other)
            return NotPossible("the peak of resident memory can't be reset here (/proc/self/clear_refs)");
        return Judge(new Quantity(ours, Unit.Bytes), new Quantity(other, Unit.Bytes));
    }
}

/// <summary>One growth, timed or looked at.</summary>
internal static class GrowthRun
{
    private const int Steps = 1945; // of 1 MiB: 1.9 GiB
    private static readonly byte[] Part = MakePart();

    internal static double Time(string container)
    {
        GC.Collect(2, GCCollectionMode.Aggressive); // gives the memory of the round before back, so that each side meets the same faults
        IGrowing? growing = null;
        double time = Turns.Time(() => Grow(growing = GrowingContainers.All[container]()));
        growing!.Dispose(); // not timed: an array is given back by a collection, which is not timed either
        return time;
    }

    /// <summary>The resident bytes at the peak, above those before; null where they can't be known.</summary>
    internal static double? Peak(string container)
    {
        GC.Collect(2, GCCollectionMode.Aggressive);
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            double before = ReadStatus("VmRSS:");
            using (IGrowing growing = GrowingContainers.All[container]())
                Grow(growing);
            return ReadStatus("VmHWM:") - before;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[] MakePart()
    {
        var part = new byte[1 << 20];
        part.AsSpan().Fill(1);
        return part;
    }

    private static void Grow(IGrowing growing)
    {
        for (int step = 0; step < Steps; step++)
            growing.Append(Part);
    }

    private static double ReadStatus(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return 1024 * double.Parse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
