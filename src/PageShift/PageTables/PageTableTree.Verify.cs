using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Checks the tree: true live counts, no empty table, no table reached twice, no entry beyond the user limit.</summary>
    /// <returns>The number of tables, the root included.</returns>
    /// <exception cref="InvalidOperationException">An invariant does not hold; the message says which, and where.</exception>
    internal ulong Verify()
    {
        var seen = new HashSet<ulong>();
        Verify(Root, Geometry.Root, 0, seen);
        return (ulong)seen.Count;
    }

    private void Verify(FrameNumber table, PageTableLevel level, ulong start, HashSet<ulong> seen)
    {
        if (!Memory.IsTable(table))
            throw new InvalidOperationException($"The {level} table at 0x{start:x} is in {table}, which is not a table.");
        if (!seen.Add(table.Value))
            throw new InvalidOperationException($"The table {table} is reached twice, the second time at 0x{start:x}.");
        Span<PageTableEntry> entries = Entries(table);
        int live = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            PageTableEntry entry = entries[i];
            if (entry.IsNone)
                continue;
            live++;
            ulong at = start + ((ulong)i << Geometry.SpanShift(level));
            if (at >= Geometry.UserLimit.Value)
                throw new InvalidOperationException($"An entry stands at 0x{at:x}, beyond the user limit.");
            if (entry.IsTable(level))
                Verify(entry.Frame, level - 1, at, seen);
            else if (level > Geometry.LargestLeaf || (level != PageTableLevel.Pte && (entry.IsMarker || entry.Frame.Value % Geometry.FramesPerLeaf(level) != 0)))
                throw new InvalidOperationException($"The {level} entry at 0x{at:x} is neither a table nor a large leaf: {entry}.");
        }

        if (live != Memory.LiveEntries(table))
            throw new InvalidOperationException($"The {level} table at 0x{start:x} counts {Memory.LiveEntries(table)} live entries but has {live}.");
        if (live == 0 && table != Root)
            throw new InvalidOperationException($"The {level} table at 0x{start:x} is empty.");
    }
}
