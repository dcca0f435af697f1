using PageShift.Physical;

namespace PageShift.PageTables;

/// <summary>Sees the occupied leaves and markers of a range, in ascending order.</summary>
internal interface ILeafVisitor
{
    /// <summary>Sees one entry that covers <see cref="PagingGeometry.Span"/> bytes from <paramref name="start"/>. Returns false to stop.</summary>
    bool Visit(VirtualAddress start, PageTableLevel level, ref PageTableEntry entry);
}

internal sealed partial class PageTableTree
{
    /// <summary>Shows every leaf and marker that touches <paramref name="range"/> to <paramref name="visitor"/>, which may change an entry's bits but not whether
    /// the slot is occupied. Absent tables are not entered. Returns false when the visitor stopped.</summary>
    internal bool VisitLeaves<TVisitor>(AddressRange range, ref TVisitor visitor)
        where TVisitor : struct, ILeafVisitor, allows ref struct =>
        range.IsEmpty || Visit(Root, Geometry.Root, range.Start.Value, range.End.Value, ref visitor);

    private bool Visit<TVisitor>(FrameNumber table, PageTableLevel level, ulong start, ulong end, ref TVisitor visitor)
        where TVisitor : struct, ILeafVisitor, allows ref struct
    {
        ulong span = Geometry.Span(level);
        int first = Geometry.Index(new VirtualAddress(start), level);
        int last = Geometry.Index(new VirtualAddress(end - 1), level);
        Span<PageTableEntry> entries = Entries(table).Slice(first, last - first + 1);
        ulong slotStart = start & ~(span - 1);
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].IsNone)
                continue;
            ulong at = slotStart + ((ulong)i * span);
            bool goOn = entries[i].IsTable(level)
                ? Visit(entries[i].Frame, level - 1, Math.Max(start, at), Math.Min(end, at + span), ref visitor)
                : visitor.Visit(new VirtualAddress(at), level, ref entries[i]);
            if (!goOn)
                return false;
        }

        return true;
    }
}
