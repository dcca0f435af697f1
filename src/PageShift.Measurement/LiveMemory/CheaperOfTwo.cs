using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>An insertion before a tail of some bytes, as the buffer chooses to do it, beside the better of copying and moving.</summary>
/// <param name="bytes">The bytes of the tail, and of the gap.</param>
public sealed class CheaperOfTwo(long bytes)
    : SpeedRow($"memory: insert {bytes >> 10} KiB before as much", "the better of always copying and always moving", new Target(RatioKind.Times, 1.2))
{
    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        MoveStrategy[] strategies = [MoveStrategy.Cheapest, MoveStrategy.Copy, MoveStrategy.Move];
        PageBuffer[] buffers = [.. strategies.Select(Make)];
        _ = MoveCosts.Current; // measured before, as a program does once
        double[] medians = Turns.Medians(time, FewestRounds, [.. buffers.Select(b => (Func<double>)(() => InsertAndRemove(b)))]);
        foreach (PageBuffer buffer in buffers)
            buffer.Dispose();
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(Math.Min(medians[1], medians[2]), Unit.Nanoseconds));
    }

    private PageBuffer Make(MoveStrategy strategy)
    {
        var buffer = new PageBuffer(2 * bytes, new PageBufferOptions { Capacity = 8 * bytes, Strategy = strategy });
        for (long at = 0; at < buffer.Length; at += buffer.PageSize)
            buffer.AsSpan(at, 1)[0] = 1;
        return buffer;
    }

    /// <summary>Both, as they undo each other; the gap is written to, since who inserts it wants to.</summary>
    private double InsertAndRemove(PageBuffer buffer) => Turns.Time(() =>
    {
        buffer.Insert(bytes, bytes);
        buffer.AsSpan(bytes, (int)bytes).Fill(1);
        buffer.Remove(bytes, bytes);
    }) / 2;
}
