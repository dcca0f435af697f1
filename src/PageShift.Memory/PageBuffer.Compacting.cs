using PageShift.Memory.Kernel;
using PageShift.Memory.Moving;

namespace PageShift.Memory;

public sealed partial class PageBuffer
{
    /// <summary>Pushes the live ranges together at the front. What is behind them reads as zeroes, and its memory is given back; the length stays.</summary>
    /// <param name="live">The ranges to keep, ascending, none overlapping another. All else is discarded.</param>
    /// <param name="keepsOrder">True to keep their order. False to let ranges from the end fill holes, where that moves fewer page-table entries.</param>
    /// <returns>Where each went, in the order of <paramref name="live"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An offset or length is negative or no multiple of the page size, or a range reaches beyond the end.</exception>
    /// <exception cref="ArgumentException">The ranges overlap, or are not ascending.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <remarks>Not thread-safe. Ranges whose distances are multiples of <see cref="MemoryCapabilities.PageTableSpan"/> move as whole page tables.</remarks>
    public PageRelocation[] Compact(ReadOnlySpan<PageRange> live, bool keepsOrder = true)
    {
        using Operation operation = EnterShift();
        long end = 0;
        long total = 0;
        foreach (PageRange range in live)
        {
            CheckPages(range.Offset, nameof(live));
            CheckPages(range.Length, nameof(live));
            CheckRange((ulong)range.Offset, (ulong)range.Length, _length, nameof(live));
            if (range.Offset < end)
                throw new ArgumentException($"The range at {range.Offset} begins before the one before it ends, at {end}.", nameof(live));
            end = range.End;
            total += range.Length;
        }

        List<PageRelocation> moves = Compaction.Plan(live, keepsOrder, _base, new TableSpans(_page));
        foreach (PageRelocation move in moves)
        {
            Shift(_pieces, _pieces, _base + (ulong)move.From, _base + (ulong)move.To, (ulong)move.Length, clears: false);
            Trim();
        }

        if ((ulong)total < _length)
            _mover.Clear(_base + (ulong)total, _length - (ulong)total);
        return Compaction.Follow(live, moves);
    }
}
