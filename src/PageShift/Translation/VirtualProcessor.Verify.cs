using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Translation;

public sealed partial class VirtualProcessor
{
    /// <summary>Checks that the TLB remembers nothing that the tables do not hold. Under the mapping lock exclusively.</summary>
    /// <exception cref="InvalidOperationException">It does.</exception>
    internal void Verify()
    {
        foreach (Tlb.TlbEntry entry in _tlb.Entries)
        {
            if (entry.ReadTag == Tlb.NoTag)
                continue;
            var page = new VirtualAddress(entry.ReadTag);
            PageTableWalk walk = _tables.Walk(page);
            PageCount offset = page.OffsetIn(_tables.Geometry.Span(walk.Level)).WholePages;
            bool holds = walk.Entry.IsPresent
                && _memory.HostAddress(walk.Entry.Frame + offset) == unchecked(entry.Addend + (nuint)entry.ReadTag)
                && (entry.WriteTag == Tlb.NoTag || (walk.Entry.IsWritable && walk.Entry.IsDirty))
                && (entry.ExecuteTag == Tlb.NoTag || !walk.Entry.IsNoExecute);
            if (!holds)
                throw new InvalidOperationException($"A TLB remembers the page {page}, for which the tables hold: {walk.Entry}.");
        }

        foreach (TableCache.CachedTable entry in _cachedTables.Entries)
        {
            bool holds = entry.Tag == TableCache.NoTag
                || (_tables.TryFindTable(_cachedTables.StartOf(entry.Tag), PageTableLevel.Pte, out FrameNumber table) && _memory.HostAddress(table) == entry.Table);
            if (!holds)
                throw new InvalidOperationException($"A processor remembers a table at {_cachedTables.StartOf(entry.Tag)}, where the tables hold another or none.");
        }
    }
}
