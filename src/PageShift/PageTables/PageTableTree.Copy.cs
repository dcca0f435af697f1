using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Copies the entries of <paramref name="range"/> into <paramref name="child"/>, where the range is empty, for fork: frames are shared, and
    /// writable leaves lose RW on both sides, so that the next write copies. False when memory is out; then a first part has been copied.</summary>
    internal bool TryCopyForFork(PageTableTree child, AddressRange range)
    {
        FrameNumber source = FrameNumber.None;
        FrameNumber copy = FrameNumber.None;
        var cursor = new PageTableCursor(this, range);
        while (cursor.MoveToNextLeaf())
        {
            if (cursor.Table != source && !child.TryMakeTable(cursor.SlotStart, cursor.Level, out copy))
                return false;
            source = cursor.Table;
            ref PageTableEntry entry = ref cursor.Entry;
            PageTableEntry leaf = entry;
            if (leaf.IsMapped)
            {
                for (ulong i = 0; i < Geometry.FramesPerLeaf(cursor.Level); i++)
                    Memory.AddReference(leaf.Frame + i);
                leaf = leaf.Without(PageTableEntry.WritableBit);
                entry = leaf;
            }

            child.Set(copy, cursor.Index, leaf);
        }

        return true;
    }
}
