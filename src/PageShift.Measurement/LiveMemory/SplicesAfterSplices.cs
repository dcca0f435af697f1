using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Splices of a buffer that was spliced a thousand times, beside a copy of its tail.</summary>
public sealed class SplicesAfterSplices()
    : SpeedRow("memory: the same after 1,000 random splices, mean of the next 1,000", LiveMemoryRows.CopyOfTail, new Target(RatioKind.TimesFaster, 150))
{
    private const long Length = 1 << 30;
    private const long Gap = 2 << 20;
    private const int Splices = 1000;
    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (!MemoryCapabilities.MovesPages)
            return NotPossible("the kernel does not move pages (Linux 5.7 and newer do)");
        using var buffer = new PageBuffer(Length, new PageBufferOptions { Capacity = 2 * Length });
        buffer.AsSpan(0, (int)Length).Fill(1);
        var splices = new RandomSplices(Gap);
        splices.Run(buffer, Splices);
        double[] medians = Turns.Medians(
            time,
            FewestRounds,
            () => splices.Run(buffer, Splices),
            () => Turns.Time(() => LiveMemoryRows.Copy(buffer, Length / 2, (Length / 2) - Gap, Length / 2)));
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }
}
