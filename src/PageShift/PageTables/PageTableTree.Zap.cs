using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    private readonly List<FreedTable> _freedByZap = [];

    /// <summary>The tables that the last <see cref="Zap(AddressRange, bool)"/> freed, except the PTE tables that lay wholly in its range.</summary>
    internal List<FreedTable> FreedByZap => _freedByZap;

    /// <summary>Takes every entry in <paramref name="range"/> away, releases the frames, and frees the tables that this empties.
    /// No large leaf may reach over an end of the range (see <see cref="TrySplitAt"/>).</summary>
    internal ZapCount Zap(AddressRange range, bool keepGuards)
    {
        var count = new ZapCount();
        _freedByZap.Clear();
        if (!range.IsEmpty)
            Zap(Root, Geometry.Root, range.Start.Value, range.End.Value, keepGuards, ref count);
        return count;
    }

    private void Zap(FrameNumber table, PageTableLevel level, ulong start, ulong end, bool keepGuards, ref ZapCount count)
    {
        int first = Geometry.Index(new VirtualAddress(start), level);
        int slots = Geometry.Index(new VirtualAddress(end - 1), level) - first + 1;
        Span<PageTableEntry> entries = Entries(table).Slice(first, slots);
        int removed = level == PageTableLevel.Pte
            ? ZapPages(entries, keepGuards, isFull: Memory.LiveEntries(table) == Geometry.EntriesPerTable, ref count)
            : ZapAbove(entries, level, start, end, keepGuards, ref count);
        if (removed != 0)
            Memory.AddLiveEntries(table, -removed);
    }

    private int ZapPages(Span<PageTableEntry> entries, bool keepGuards, bool isFull, ref ZapCount count)
    {
        if (keepGuards && IndexOfGuard(entries) is >= 0 and int guard)
            return ZapPages(entries[..guard], keepGuards: false, isFull, ref count) + ZapPages(entries[(guard + 1)..], keepGuards, isFull, ref count);

        int live = isFull ? entries.Length : CountLive(entries);
        if (live == 0)
            return 0;
        Memory.ReleaseMapped(entries);
        entries.Clear();
        count.Entries += (ulong)live;
        return live;
    }

    private static int IndexOfGuard(ReadOnlySpan<PageTableEntry> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].IsGuard)
                return i;
        }

        return -1;
    }

    private int ZapAbove(Span<PageTableEntry> entries, PageTableLevel level, ulong start, ulong end, bool keepGuards, ref ZapCount count)
    {
        ulong span = Geometry.Span(level);
        ulong firstStart = start & ~(span - 1);
        int removed = 0;
        for (int i = NextLive(entries, 0); i < entries.Length; i = NextLive(entries, i + 1))
        {
            PageTableEntry entry = entries[i];
            ulong slotStart = firstStart + ((ulong)i * span);
            if (entry.IsTable(level))
            {
                Zap(entry.Frame, level - 1, Math.Max(start, slotStart), Math.Min(end, slotStart + span), keepGuards, ref count);
                if (Memory.LiveEntries(entry.Frame) != 0)
                    continue;
                entries[i] = PageTableEntry.None;
                Memory.FreeTable(entry.Frame);
                count.Tables++;
                if (level > PageTableLevel.Pmd || slotStart < start || slotStart + span > end)
                    _freedByZap.Add(new FreedTable(level - 1, new VirtualAddress(slotStart)));
            }
            else
            {
                if (slotStart < start || slotStart + span > end)
                    throw new InvalidOperationException($"A large leaf at 0x{slotStart:x} reaches over an end of the range that is taken away.");
                if (entry.IsMapped)
                    Memory.ReleaseRange(entry.Frame, Geometry.FramesPerLeaf(level));
                entries[i] = PageTableEntry.None;
                count.Entries++;
            }

            removed++;
        }

        return removed;
    }

    private static int NextLive(ReadOnlySpan<PageTableEntry> entries, int from)
    {
        if (from < entries.Length && !entries[from].IsNone)
            return from;
        int live = IndexOfLive(entries[from..]);
        return live < 0 ? entries.Length : from + live;
    }
}
