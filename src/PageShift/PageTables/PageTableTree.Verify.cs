using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Checks the tree: true live counts, no empty table, no table reached twice, no entry beyond the user limit.</summary>
    /// <returns>The number of tables, the root included.</returns>
    /// <exception cref="InvalidOperationException">An invariant does not hold; the message says which, and where.</exception>
    internal ulong Verify()
    {
        var seen = new HashSet<ulong>();
        VerifyTable(Root, Geometry.Root, VirtualAddress.Zero, seen);
        var cursor = new PageTableCursor(this); // beyond the user limit too
        do
        {
            while (cursor.TryEnter())
                VerifyTable(cursor.Table, cursor.Level, cursor.SlotStart, seen);
            VerifySlot(cursor.SlotStart, cursor.Level, cursor.Entry);
        }
        while (cursor.TryAdvance());

        return (ulong)seen.Count;
    }

    private void VerifyTable(FrameNumber table, PageTableLevel level, VirtualAddress start, HashSet<ulong> seen)
    {
        if (!Memory.IsTable(table))
            throw new InvalidOperationException($"The {level} table at {start} is in {table}, which is not a table.");
        if (!seen.Add(table.Value))
            throw new InvalidOperationException($"The table {table} is reached twice, the second time at {start}.");
        int live = CountLive(Entries(table, level));
        if (live != Memory.LiveEntries(table))
            throw new InvalidOperationException($"The {level} table at {start} counts {Memory.LiveEntries(table)} live entries but has {live}.");
        if (live == 0 && table != Root)
            throw new InvalidOperationException($"The {level} table at {start} is empty.");
    }

    private void VerifySlot(VirtualAddress start, PageTableLevel level, PageTableEntry entry)
    {
        if (entry.IsNone)
            return;
        if (start >= Geometry.UserLimit)
            throw new InvalidOperationException($"An entry stands at {start}, beyond the user limit.");
        if (level == PageTableLevel.Pte)
            return;
        if (level > Geometry.LargestLeaf || entry.IsMarker || entry.Frame.Value % Geometry.FramesPerLeaf(level) != 0)
            throw new InvalidOperationException($"The {level} entry at {start} is neither a table nor a large leaf: {entry}.");
    }
}
