using PageShift.Physical;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Copies the entries of <paramref name="range"/> into <paramref name="child"/>, where the range is empty, for fork: frames are shared, and
    /// writable leaves lose RW on both sides, so that the next write copies. False when memory is out; then a first part has been copied.</summary>
    internal bool TryCopyForFork(PageTableTree child, AddressRange range) =>
        range.IsEmpty || CopyTable(child, Root, Geometry.Root, range.Start.Value, range.End.Value);

    private bool CopyTable(PageTableTree child, FrameNumber table, PageTableLevel level, ulong start, ulong end)
    {
        ulong span = Geometry.Span(level);
        Span<PageTableEntry> entries = Entries(table);
        FrameNumber copy = FrameNumber.None;
        for (ulong at = start & ~(span - 1); at < end; at += span)
        {
            int index = Geometry.Index(new VirtualAddress(at), level);
            PageTableEntry entry = entries[index];
            if (entry.IsNone)
                continue;
            if (entry.IsTable(level))
            {
                if (!CopyTable(child, entry.Frame, level - 1, Math.Max(start, at), Math.Min(end, at + span)))
                    return false;
                continue;
            }

            if (copy.IsNone && !child.TryMakeTable(new VirtualAddress(at), level, out copy))
                return false;
            for (ulong i = 0; entry.IsMapped && i < Geometry.FramesPerLeaf(level); i++)
                Memory.AddReference(entry.Frame + i);
            entries[index] = entry.IsMapped ? entry.Without(PageTableEntry.WritableBit) : entry;
            child.Set(copy, index, entries[index]);
        }

        return true;
    }
}
