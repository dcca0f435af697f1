using PageShift.Units;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    private readonly List<FreedTable> _freed = [];

    /// <summary>The tables that the last <see cref="Zap"/> freed, except, where it was told so, the PTE tables that lay wholly in its range; or all that the last <see cref="RemoveGuards"/>
    /// freed.</summary>
    internal List<FreedTable> Freed => _freed;

    /// <summary>Takes every entry in <paramref name="range"/> away, releases the frames, and frees the tables that this empties.
    /// No large leaf may reach over an end of the range (see <see cref="TrySplitAt"/>).</summary>
    /// <param name="range">The pages.</param>
    /// <param name="keepGuards">True to leave guard pages.</param>
    /// <param name="notesWhole">True to note in <see cref="Freed"/> the PTE tables too that lie wholly in the range.</param>
    internal ZapCount Zap(AddressRange range, bool keepGuards, bool notesWhole = false)
    {
        var count = new ZapCount();
        _freed.Clear();
        if (range.IsEmpty)
            return count;
        var cursor = new PageTableCursor(this, range);
        do
        {
            if (cursor.TryEnterLive(PageTableLevel.Pte))
                ZapPages(ref cursor, keepGuards, ref count);
            else if (!cursor.Entry.IsNone)
                ZapLargeLeaf(cursor, ref count);
        }
        while (cursor.TryAdvanceFreeing(_freed, notesWhole, ref count.Tables));

        return count;
    }

    /// <summary>Empties the slots of guard pages in <paramref name="range"/>, and frees the tables that this empties.</summary>
    internal void RemoveGuards(AddressRange range)
    {
        ulong count = 0;
        _freed.Clear();
        if (range.IsEmpty)
            return;
        var cursor = new PageTableCursor(this, range);
        do
        {
            if (!cursor.TryEnterLive(PageTableLevel.Pte))
                continue;
            int removed = 0;
            foreach (ref PageTableEntry entry in cursor.Rest)
            {
                if (!entry.IsGuard)
                    continue;
                entry = PageTableEntry.None;
                removed++;
            }

            cursor.AddLive(-removed);
            cursor.MoveToEnd();
        }
        while (cursor.TryAdvanceFreeing(_freed, notesWhole: true, ref count));
    }

    private void ZapPages(ref PageTableCursor cursor, bool keepGuards, ref ZapCount count)
    {
        Span<PageTableEntry> entries = cursor.Rest;
        int inTable = cursor.LiveEntries;
        bool isFull = inTable == Geometry.EntriesPerTable;
        int removed = 0;
        while (keepGuards && IndexOfGuard(entries) is >= 0 and int guard)
        {
            removed += ZapPages(entries[..guard], isFull ? guard : CountLive(entries[..guard]));
            entries = entries[(guard + 1)..];
        }

        removed += ZapPages(entries, isFull ? entries.Length : entries.Length == Geometry.EntriesPerTable ? inTable : CountLive(entries));
        if (removed != 0)
            cursor.AddLive(-removed);
        count.Entries += (ulong)removed;
        cursor.MoveToEnd();
    }

    private int ZapPages(Span<PageTableEntry> entries, int live)
    {
        if (live == 0)
            return 0;
        Memory.ReleaseMapped(entries);
        entries.Clear();
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

    private static void ZapLargeLeaf(in PageTableCursor cursor, ref ZapCount count)
    {
        if (!cursor.IsWhole)
            throw new InvalidOperationException($"A large leaf at {cursor.SlotStart} reaches over an end of the range that is taken away.");
        cursor.Detach().ReleaseFrames();
        count.Entries++;
    }
}
