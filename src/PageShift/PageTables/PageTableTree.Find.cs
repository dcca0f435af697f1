using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Finds the lowest occupied leaf or marker that touches <paramref name="range"/>; <paramref name="found"/> is the address that it covers from, or the
    /// range's start when it reaches below. <paramref name="inspected"/> grows by the slots that were looked at.</summary>
    internal bool TryFindLive(AddressRange range, out VirtualAddress found, ref ulong inspected)
    {
        found = range.Start;
        return !range.IsEmpty && TryFindLive(Root, Geometry.Root, range.Start.Value, range.End.Value, ref found, ref inspected);
    }

    /// <summary>The same in one table and below: [<paramref name="start"/>, <paramref name="end"/>) lies in what the table covers, and is not empty.</summary>
    internal bool TryFindLive(FrameNumber table, PageTableLevel level, ulong start, ulong end, ref VirtualAddress found, ref ulong inspected)
    {
        ulong span = Geometry.Span(level);
        int first = Geometry.Index(new VirtualAddress(start), level);
        int last = Geometry.Index(new VirtualAddress(end - 1), level);
        ulong slotStart = start & ~(span - 1);
        for (int i = first; i <= last; i++)
        {
            ReadOnlySpan<PageTableEntry> rest = Entries(table)[i..(last + 1)];
            int skip = IndexOfLive(rest);
            inspected += (ulong)(skip < 0 ? rest.Length : skip + 1);
            if (skip < 0)
                return false;
            i += skip;
            ulong at = slotStart + ((ulong)(i - first) * span);
            PageTableEntry entry = rest[skip];
            ulong from = Math.Max(start, at);
            if (entry.IsTable(level))
            {
                if (TryFindLive(entry.Frame, level - 1, from, Math.Min(end, at + span), ref found, ref inspected))
                    return true;
                continue;
            }

            found = new VirtualAddress(from);
            return true;
        }

        return false;
    }
}
