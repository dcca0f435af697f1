using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Fills every empty 4 KiB slot in <paramref name="range"/> with a fresh zeroed frame and <paramref name="bits"/>; leaves what is there.
    /// False when memory is out; then a first part of the range is filled.</summary>
    internal bool TryPopulate(AddressRange range, ulong bits)
    {
        ulong tableSpan = Geometry.TableSpan(PageTableLevel.Pte);
        ulong end = range.End.Value;
        for (ulong at = range.Start.Value; at < end;)
        {
            ulong next = Math.Min(end, (at & ~(tableSpan - 1)) + tableSpan);
            var address = new VirtualAddress(at);
            if (Walk(address) is { IsMapped: true, Level: > PageTableLevel.Pte } large)
            {
                at = (at & ~(Geometry.Span(large.Level) - 1)) + Geometry.Span(large.Level);
                continue;
            }

            if (!TryMakeTable(address, PageTableLevel.Pte, out FrameNumber table))
                return false;
            int first = Geometry.Index(address, PageTableLevel.Pte);
            Span<PageTableEntry> slots = Entries(table).Slice(first, (int)((next - at) >> PageSize.Shift));
            bool complete = Memory.TryFill(slots, bits, out int filled);
            Memory.AddLiveEntries(table, filled);
            if (!complete)
            {
                FreeEmptyTables(address, PageTableLevel.Pte);
                return false;
            }

            at = next;
        }

        return true;
    }

    /// <summary>Fills the empty 4 KiB slots from <paramref name="start"/> on with fresh zeroed frames and <paramref name="bits"/>, up to the first occupied slot, the end of their table
    /// or <paramref name="end"/>. No large leaf may be in the way. False when memory is out; all up to <paramref name="reached"/> is filled, either way.</summary>
    internal bool TryPopulateRun(VirtualAddress start, VirtualAddress end, ulong bits, out VirtualAddress reached)
    {
        reached = start;
        if (!TryMakeTable(start, PageTableLevel.Pte, out FrameNumber table))
            return false;
        Span<PageTableEntry> slots = Entries(table)[Geometry.Index(start, PageTableLevel.Pte)..];
        int most = (int)Math.Min((ulong)slots.Length, (end - start).WholePages.Value);
        int live = IndexOfLive(slots[..most]);
        bool complete = Memory.TryFillEmpty(slots[..(live < 0 ? most : live)], bits, out int filled);
        Memory.AddLiveEntries(table, filled);
        reached = start + new ByteLength((ulong)filled << PageSize.Shift);
        if (!complete)
            FreeEmptyTables(start, PageTableLevel.Pte);
        return complete;
    }
}
