using PageShift.PageTables;

namespace PageShift;

public sealed partial class AddressSpace
{
    /// <summary>Splits the large leaves that reach over an end of <paramref name="range"/>. False when memory is out; no translation has changed.</summary>
    private bool TrySplitLeavesAtEnds(AddressRange range) => _tables.TrySplitAt(range.Start) && _tables.TrySplitAt(range.End);

    /// <summary>Takes the pages of a range away whose mappings go, and flushes. <paramref name="floor"/> and <paramref name="ceiling"/> are the end of the mapping that stays below
    /// and the start of the one that stays above (or 0 and <see cref="NoCeiling"/>): Linux keeps the tables that reach beyond them. The ends must be split
    /// (<see cref="TrySplitLeavesAtEnds"/>). Returns true when anything was there, an entry or a table, which costs Linux a flush.</summary>
    private bool ZapUnmapped(AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        ZapCount count = _tables.Zap(range, keepGuards: false);
        bool worked = count.DidWork;
        if (count.Entries != 0)
            FlushTlb(range);
        foreach (FreedTable table in _tables.FreedByZap)
        {
            if (table.Start < floor || table.Start.Value + Geometry.TableSpan(table.Level) > ceiling.Value)
                _vacant.Add(table.Level, table.Start.Value);
        }

        if (!_vacant.IsEmpty)
            worked |= ForgetVacant(range, floor, ceiling);
        return worked;
    }

    /// <summary>Takes the pages of a range away whose mappings stay (MADV_DONTNEED), and flushes. Guard pages survive. Linux then frees the PTE tables that lie
    /// wholly in the range, and keeps all others.</summary>
    private void ZapDropped(AddressRange range)
    {
        ZapTruncated(range);
        if (!_vacant.IsEmpty)
            _vacant.Remove(PageTableLevel.Pte, range, range.Start, range.End);
    }

    /// <summary>Takes the pages of a range away whose mappings stay while their object ends earlier, and flushes. Guard pages survive. Linux keeps all tables.</summary>
    private void ZapTruncated(AddressRange range)
    {
        ZapCount count = _tables.Zap(range, keepGuards: true);
        if (count.Entries != 0)
            FlushTlb(range);
        foreach (FreedTable table in _tables.FreedByZap)
            _vacant.Add(table.Level, table.Start.Value);
    }

    /// <summary>Forgets the vacant tables that Linux frees with the mappings of <paramref name="range"/>. Returns true when there was one.</summary>
    private bool ForgetVacant(AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        int forgotten = 0;
        for (PageTableLevel level = PageTableLevel.Pte; level < Geometry.Root; level++)
            forgotten += _vacant.Remove(level, range, floor, ceiling);
        return forgotten != 0;
    }
}
