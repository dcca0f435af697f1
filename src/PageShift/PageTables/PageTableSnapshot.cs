using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>A page table as it was at one moment, with the tables below it: what a drawing needs. Slots that touch none of the ranges that were asked for are left out.</summary>
/// <remarks>Immutable, thread-safe.</remarks>
public sealed class PageTableSnapshot
{
    private PageTableSnapshot(PageTableLevel level, VirtualAddress start, int liveEntries, IReadOnlyList<PageTableSlots> slots)
    {
        Level = level;
        Start = start;
        LiveEntries = liveEntries;
        Slots = slots;
    }

    /// <summary>What the table's entries are: <see cref="PageTableLevel.Pte"/> for a table of PTEs.</summary>
    public PageTableLevel Level { get; }

    /// <summary>The first address that the table covers.</summary>
    public VirtualAddress Start { get; }

    /// <summary>All occupied slots of the table, also those that are left out of <see cref="Slots"/>.</summary>
    public int LiveEntries { get; }

    /// <summary>The occupied slots that touch the ranges, lowest first. Neighbouring leaves and markers are one item; each entry that points to a table is one of its own.</summary>
    public IReadOnlyList<PageTableSlots> Slots { get; }

    /// <summary>The same tables with addresses that are 2^<paramref name="shift"/> times as large.</summary>
    internal PageTableSnapshot Scaled(int shift) => shift == 0
        ? this
        : new(Level, new VirtualAddress(Start.Value << shift), LiveEntries, [.. Slots.Select(slots => new PageTableSlots(slots.First, slots.Count, slots.Table?.Scaled(shift)))]);

    /// <summary>Takes a snapshot of the tree. The caller keeps it from changing.</summary>
    internal static PageTableSnapshot Of(PageTableTree tables, ReadOnlySpan<AddressRange> ranges)
    {
        var cursor = new PageTableCursor(tables, new AddressRange(VirtualAddress.Zero, tables.Geometry.UserLimit));
        return Of(ref cursor, ranges);
    }

    // The table that the cursor stands at the start of.
    private static PageTableSnapshot Of(ref PageTableCursor cursor, ReadOnlySpan<AddressRange> ranges)
    {
        PageTableLevel level = cursor.Level;
        VirtualAddress start = cursor.SlotStart;
        int liveEntries = cursor.LiveEntries;
        var slots = new List<PageTableSlots>();
        do
        {
            if (!cursor.MoveToLive())
                break;
            if (!TouchesAny(cursor.Slot, ranges))
                continue;
            int index = cursor.Index;
            if (cursor.TryEnter())
            {
                slots.Add(new PageTableSlots(index, 1, Of(ref cursor, ranges)));
                _ = cursor.TryLeave();
            }
            else if (slots.Count != 0 && slots[^1] is { Table: null } last && last.First + last.Count == index)
            {
                slots[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                slots.Add(new PageTableSlots(index, 1, null));
            }
        }
        while (cursor.TryNext());

        return new PageTableSnapshot(level, start, liveEntries, slots);
    }

    private static bool TouchesAny(AddressRange slot, ReadOnlySpan<AddressRange> ranges)
    {
        foreach (AddressRange range in ranges)
        {
            if (range.Overlaps(slot))
                return true;
        }

        return false;
    }
}

/// <summary>Occupied slots of a page table.</summary>
public readonly record struct PageTableSlots
{
    internal PageTableSlots(int first, int count, PageTableSnapshot? table)
    {
        First = first;
        Count = count;
        Table = table;
    }

    /// <summary>The index of the first.</summary>
    public int First { get; }

    /// <summary>How many: 1 where the entry points to a table.</summary>
    public int Count { get; internal init; }

    /// <summary>The table that the entry points to; null for leaves and markers.</summary>
    public PageTableSnapshot? Table { get; }
}
