using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>True when any slot in <paramref name="range"/> is occupied. <paramref name="inspected"/> grows by the slots that were looked at.</summary>
    internal bool AnyLive(AddressRange range, ref ulong inspected) =>
        !range.IsEmpty && AnyLive(Root, Geometry.Root, range.Start.Value, range.End.Value, ref inspected);

    /// <summary>The same, below one table of <paramref name="level"/> that covers the range.</summary>
    internal bool AnyLive(FrameNumber table, PageTableLevel level, ulong start, ulong end, ref ulong inspected)
    {
        ulong span = Geometry.Span(level);
        int first = Geometry.Index(new VirtualAddress(start), level);
        int last = Geometry.Index(new VirtualAddress(end - 1), level);
        ReadOnlySpan<PageTableEntry> entries = Entries(table).Slice(first, last - first + 1);
        ulong slotStart = start & ~(span - 1);
        for (int i = IndexOfLive(entries); i < entries.Length; i++)
        {
            if (i < 0)
                break;
            PageTableEntry entry = entries[i];
            if (entry.IsNone)
                continue;
            inspected += (ulong)i + 1;
            ulong at = slotStart + ((ulong)i * span);
            bool whole = at >= start && at + span <= end;
            if (whole || !entry.IsTable(level) || AnyLive(entry.Frame, level - 1, Math.Max(start, at), Math.Min(end, at + span), ref inspected))
                return true;
        }

        inspected += (ulong)entries.Length;
        return false;
    }
}
