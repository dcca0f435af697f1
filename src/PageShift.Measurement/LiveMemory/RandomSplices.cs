using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Insertions and removals at random places, by turns, so that the length stays.</summary>
public sealed class RandomSplices(long unit)
{
    private readonly Random _random = new(20230325);

    /// <summary>Makes splices.</summary>
    public int Run(PageBuffer buffer, int count)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        for (int i = 0; i < count / 2; i++)
        {
            buffer.Insert(_random.NextInt64(buffer.Length / unit) * unit, unit);
            buffer.Remove(_random.NextInt64(buffer.Length / unit) * unit, unit);
        }

        return count;
    }
}
