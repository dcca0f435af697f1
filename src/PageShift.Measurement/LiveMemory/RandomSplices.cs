using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Insertions and removals at random places, by turns, so that the length stays. Each gap is written to: a page that was never touched costs nothing to move, and next to nothing to read.</summary>
public sealed class RandomSplices(long unit)
{
    private readonly Random _random = new(20230325);

    /// <summary>Makes splices.</summary>
    /// <returns>The nanoseconds that one took on average; writing the gaps is not part of it.</returns>
    public double Run(PageBuffer buffer, int count)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        double nanoseconds = 0;
        for (int i = 0; i < count / 2; i++)
        {
            long gap = _random.NextInt64(buffer.Length / unit) * unit;
            nanoseconds += Turns.Time(() => buffer.Insert(gap, unit));
            buffer.AsSpan(gap, checked((int)unit)).Fill(1);
            long removed = _random.NextInt64(buffer.Length / unit) * unit;
            nanoseconds += Turns.Time(() => buffer.Remove(removed, unit));
        }

        return nanoseconds / count;
    }
}
