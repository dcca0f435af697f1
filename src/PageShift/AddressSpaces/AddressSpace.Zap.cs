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
        if (count.Entries != 0)
            FlushTlb(range);
        return count.DidWork | _linuxTables.Unmapped(range, floor, ceiling, _tables.Freed);
    }

    /// <summary>Takes the pages of a range away whose mappings stay (MADV_DONTNEED), and flushes. Guard pages survive.</summary>
    private void ZapDropped(AddressRange range)
    {
        ZapMapped(range);
        _linuxTables.Dropped(range, _tables.Freed);
    }

    /// <summary>Takes the pages of a range away whose mappings stay while their object ends earlier, and flushes. Guard pages survive.</summary>
    private void ZapTruncated(AddressRange range)
    {
        ZapMapped(range);
        _linuxTables.Emptied(_tables.Freed);
    }

    private void ZapMapped(AddressRange range)
    {
        if (_tables.Zap(range, keepGuards: true).Entries != 0)
            FlushTlb(range);
    }
}
