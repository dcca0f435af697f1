using PageShift.Physical;

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

    /// <summary>Takes a snapshot of the tree. The caller keeps it from changing.</summary>
    internal static PageTableSnapshot Of(PageTableTree tables, ReadOnlySpan<AddressRange> ranges) =>
        Of(tables, tables.Root, tables.Geometry.Root, VirtualAddress.Zero, ranges);

    private static PageTableSnapshot Of(PageTableTree tables, FrameNumber table, PageTableLevel level, VirtualAddress start, ReadOnlySpan<AddressRange> ranges)
    {
        var slots = new List<PageTableSlots>();
        var span = new ByteLength(tables.Geometry.Span(level));
        VirtualAddress at = start;
        for (int i = 0; i < tables.Geometry.EntriesPerTable; i++, at += span)
        {
            PageTableEntry entry = tables.Memory.Entry(table, i);
            if (entry.IsNone || !TouchesAny(new AddressRange(at, span), ranges))
                continue;
            if (entry.IsTable(level))
                slots.Add(new PageTableSlots(i, 1, Of(tables, entry.Frame, level - 1, at, ranges)));
            else if (slots.Count != 0 && slots[^1] is { Table: null } last && last.First + last.Count == i)
                slots[^1] = last with { Count = last.Count + 1 };
            else
                slots.Add(new PageTableSlots(i, 1, null));
        }

        return new PageTableSnapshot(level, start, tables.Memory.LiveEntries(table), slots);
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
/// <param name="First">The index of the first.</param>
/// <param name="Count">How many: 1 where the entry points to a table.</param>
/// <param name="Table">The table that the entry points to; null for leaves and markers.</param>
public readonly record struct PageTableSlots(int First, int Count, PageTableSnapshot? Table);
