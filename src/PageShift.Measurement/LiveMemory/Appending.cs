using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>One buffer takes another's pages, beside a copy of them.</summary>
public sealed class Appending() : SpeedRow("memory: append a buffer of 1 GiB to another", "a copy", new Target(RatioKind.TimesFaster, 1000))
{
    private const long GiB = 1 << 30;
    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (!MemoryCapabilities.MovesPages)
            return NotPossible("the kernel does not move pages (Linux 5.7 and newer do)");
        using var first = new PageBuffer(GiB, new PageBufferOptions { Capacity = 2 * GiB });
        first.AsSpan(0, (int)GiB).Fill(1);
        PageBuffer second = new(GiB);
        second.AsSpan(0, (int)GiB).Fill(2);
        double[] medians = Turns.Medians(
            time,
            FewestRounds,
            () =>
            {
                double appending = Turns.Time(() => first.Append(second));
                second.Dispose();
                second = first.Split(GiB);
                return appending;
            },
            () => Turns.Time(() => second.AsSpan(0, (int)GiB).CopyTo(first.AsSpan(0, (int)GiB)))); // onto pages that are there already, which is kinder than a fresh destination
        second.Dispose();
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }
}
