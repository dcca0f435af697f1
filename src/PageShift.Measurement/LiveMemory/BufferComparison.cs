using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>One operation of a buffer beside the same by copying, in the same memory, by <see cref="Turns"/>.</summary>
/// <param name="work">The work, in words.</param>
/// <param name="against">What it is measured against, in words.</param>
/// <param name="target">What it is meant to reach.</param>
/// <param name="length">The buffer's bytes, all written to.</param>
/// <param name="options">How the buffer is made.</param>
public sealed class BufferComparison(string work, string against, Target target, long length, PageBufferOptions options) : SpeedRow(work, against, target)
{
    private const int FewestRounds = 9;

    /// <summary>Brings the buffer to the state that is measured. Not timed.</summary>
    public Action<PageBuffer>? Prepare { get; init; }

    /// <summary>Our side. Answers how many operations it made.</summary>
    public required Func<PageBuffer, int> Ours { get; init; }

    /// <summary>Undoes our side. Not timed.</summary>
    public Action<PageBuffer>? Undo { get; init; }

    /// <summary>The other side. Answers how many operations it made.</summary>
    public required Func<PageBuffer, int> Other { get; init; }

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (!MemoryCapabilities.MovesPages)
            return NotPossible("the kernel does not move pages (Linux 5.7 and newer do)");
        try
        {
            using var buffer = new PageBuffer(length, options);
            buffer.Populate(0, length);
            for (long at = 0; at < length; at += buffer.PageSize)
                buffer.AsSpan(at, 1)[0] = 1;
            Prepare?.Invoke(buffer);
            return Compare(buffer, time);
        }
        catch (InsufficientMemoryException exception)
        {
            return NotPossible(exception.Message);
        }
    }

    private SpeedResult Compare(PageBuffer buffer, TimeSpan time)
    {
        double[] medians = Turns.Medians(
            time,
            FewestRounds,
            () =>
            {
                double each = Time(Ours, buffer);
                Undo?.Invoke(buffer);
                return each;
            },
            () => Time(Other, buffer));
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }

    private static double Time(Func<PageBuffer, int> work, PageBuffer buffer)
    {
        int operations = 0;
        return Turns.Time(() => operations = work(buffer)) / operations;
    }
}
