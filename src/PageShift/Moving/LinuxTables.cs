using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>
/// What only Linux remembers: the page tables that are empty and that it keeps. This engine frees a table with its last entry; Linux keeps most until the mappings around them go, and
/// meanwhile moves them, counts them, and fills them page by page. The rest of the engine tells here what happens to its tables, and knows nothing of this.
/// </summary>
/// <remarks>Holds only what differs from the real tables, which is rarely anything: then an event costs a look. It can't be made up for later, as what Linux keeps follows from all that
/// happened before, and it is needed without any Linux policy too: where Linux has a table, no large page is faulted in. A table that stands here while a real one exists has no effect.
/// Not thread-safe.</remarks>
internal sealed partial class LinuxTables(PageTableTree tables)
{
    private readonly PageTableTree _tables = tables;
    private readonly PagingGeometry _geometry = tables.Geometry;
    private readonly EmptyTables _empty = new(tables.Geometry);
    private readonly List<VirtualAddress> _found = [];

    /// <summary>True when Linux has an empty table of <paramref name="level"/> for <paramref name="address"/>, if there is no real one.</summary>
    internal bool KeepsEmpty(PageTableLevel level, VirtualAddress address) => _empty.Contains(level, address);

    /// <summary>Pages were taken away whose mappings stay, as their object ends earlier or as they were guard pages: Linux keeps all tables.</summary>
    /// <param name="emptied">The tables that this emptied; where an object ends earlier, except the PTE tables that lay wholly in the range.</param>
    internal void Emptied(List<FreedTable> emptied)
    {
        foreach (FreedTable table in emptied)
            _empty.Add(table.Level, table.Start);
    }

    /// <summary>The pages of a range were taken away whose mappings stay (MADV_DONTNEED): Linux frees the PTE tables that lie wholly in the range, and keeps all others.</summary>
    /// <param name="range">The range.</param>
    /// <param name="emptied">The tables that this emptied, except the PTE tables that lay wholly in the range.</param>
    internal void Dropped(AddressRange range, List<FreedTable> emptied)
    {
        Emptied(emptied);
        if (!_empty.IsEmpty)
            _empty.Remove(PageTableLevel.Pte, range, range.Start, range.End);
    }

    /// <summary>The mappings of a range were taken away: Linux frees its tables, but keeps those that reach beyond <paramref name="floor"/> and <paramref name="ceiling"/>.</summary>
    /// <param name="range">The range.</param>
    /// <param name="floor">The end of the mapping that stays below; 0 when there is none.</param>
    /// <param name="ceiling">The start of the mapping that stays above; the last address when there is none.</param>
    /// <param name="emptied">The tables that this emptied, except the PTE tables that lay wholly in the range.</param>
    /// <returns>True when Linux frees an empty table, which costs it a flush.</returns>
    internal bool Unmapped(AddressRange range, VirtualAddress floor, VirtualAddress ceiling, List<FreedTable> emptied)
    {
        foreach (FreedTable table in emptied)
        {
            if (table.Start < floor || table.Start + _geometry.TableSpan(table.Level) > ceiling)
                _empty.Add(table.Level, table.Start);
        }

        return Unmapped(range, floor, ceiling);
    }

    /// <summary>The same for a range in which no entry was left.</summary>
    internal bool Unmapped(AddressRange range, VirtualAddress floor, VirtualAddress ceiling) => !_empty.IsEmpty && Free(range, floor, ceiling);

    private bool Free(AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        int freed = 0;
        for (PageTableLevel level = PageTableLevel.Pte; level < _geometry.Root; level++)
            freed += _empty.Remove(level, range, floor, ceiling);
        return freed != 0;
    }

    /// <summary>A large page took the place of the pages of one block of PMD's span.</summary>
    internal void Collapsed(AddressRange block) => _empty.Remove(PageTableLevel.Pte, block, block.Start, block.End);

    /// <summary>All pages are forgotten, as if none had been touched yet.</summary>
    internal void Forgotten() => _empty.Clear();

    /// <summary>The entries of a range were copied for a child of fork: Linux copies the tables too, also those in which there are none. These are the empty ones, and at the ends those that
    /// hold entries of other mappings.</summary>
    internal void Copied(AddressRange range, LinuxTables child)
    {
        for (PageTableLevel level = PageTableLevel.Pte; level < _geometry.Root; level++)
        {
            _found.Clear();
            _empty.CopyTo(level, range, _found);
            foreach (VirtualAddress table in _found)
                child._empty.Add(level, table);
            CopiedAt(range.Start, level, child);
            CopiedAt(LastPage(range), level, child);
        }
    }

    private void CopiedAt(VirtualAddress address, PageTableLevel level, LinuxTables child)
    {
        if (HasTable(address, level) && !child.HasTable(address, level))
            child._empty.Add(level, address);
    }

    private bool HasTable(VirtualAddress address, PageTableLevel level) => _tables.TryFindTable(address, level, out _);

    private static VirtualAddress LastPage(AddressRange range) => range.End - PageSize.Length;
}
