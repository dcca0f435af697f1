using PageShift.Units;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Fills every empty 4 KiB slot in <paramref name="range"/> with a fresh zeroed frame and <paramref name="bits"/>; leaves what is there.
    /// False when memory is out; then a first part of the range is filled.</summary>
    internal bool TryPopulate(AddressRange range, ulong bits)
    {
        if (range.IsEmpty)
            return true;
        var cursor = new PageTableCursor(this, range);
        do
        {
            if (!cursor.TryEnterMaking(PageTableLevel.Pte))
                return false;
            if (cursor.Level != PageTableLevel.Pte)
                continue; // a large leaf
            Span<PageTableEntry> slots = cursor.Rest;
            bool isComplete = cursor.LiveEntries == 0 ? Memory.TryFillEmpty(slots, bits, out int filled) : Memory.TryFill(slots, bits, out filled);
            cursor.AddLive(filled);
            if (!isComplete)
            {
                FreeEmptyTables(cursor.SlotStart, PageTableLevel.Pte);
                return false;
            }

            cursor.MoveToEnd();
        }
        while (cursor.TryAdvance());

        return true;
    }

    /// <summary>Fills the empty 4 KiB slots from the start of <paramref name="range"/> on with fresh zeroed frames and <paramref name="bits"/>, up to the first occupied slot, the end of
    /// their table or of the range. No large leaf may be in the way. False when memory is out; all up to <paramref name="reached"/> is filled, either way.</summary>
    internal bool TryPopulateRun(AddressRange range, ulong bits, out VirtualAddress reached)
    {
        reached = range.Start;
        var cursor = new PageTableCursor(this, range);
        if (!cursor.TryEnterMaking(PageTableLevel.Pte))
            return false;
        Span<PageTableEntry> slots = cursor.Rest;
        int live = cursor.LiveEntries == 0 ? -1 : IndexOfLive(slots);
        bool isComplete = Memory.TryFillEmpty(live < 0 ? slots : slots[..live], bits, out int filled);
        cursor.AddLive(filled);
        reached += ByteLength.FromPages(new PageCount((ulong)filled));
        if (!isComplete)
            FreeEmptyTables(range.Start, PageTableLevel.Pte);
        return isComplete;
    }

    /// <summary>Puts the same entry into every 4 KiB slot of <paramref name="range"/>, in place of what is there and has no frame. No large leaf may be in the way. False when memory is
    /// out; all up to <paramref name="reached"/> is filled, either way.</summary>
    internal bool TryFillPages(AddressRange range, PageTableEntry entry, out VirtualAddress reached)
    {
        reached = range.Start;
        if (range.IsEmpty)
            return true;
        var cursor = new PageTableCursor(this, range);
        do
        {
            if (!cursor.TryEnterMaking(PageTableLevel.Pte))
                return false;
            Span<PageTableEntry> slots = cursor.Rest;
            cursor.AddLive(slots.Length - CountLive(slots));
            slots.Fill(entry);
            reached = cursor.SlotStart + ByteLength.FromPages(new PageCount((ulong)slots.Length));
            cursor.MoveToEnd();
        }
        while (cursor.TryAdvance());

        return true;
    }
}
