using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

internal sealed partial class PageTableTree
{
    /// <summary>Splits large leaves until none reaches over <paramref name="address"/>. False when memory is out; what was split stays split, which
    /// changes no translation.</summary>
    internal bool TrySplitAt(VirtualAddress address)
    {
        while (address < Geometry.UserLimit)
        {
            PageTableWalk walk = Walk(address);
            if (walk.Level == PageTableLevel.Pte || !walk.Entry.IsLeaf(walk.Level) || address.IsAligned(Geometry.Span(walk.Level)))
                return true;
            if (!Memory.TryAllocateTable(out FrameNumber table))
                return false;
            Split(walk.Table, walk.Index, walk.Level, table);
        }

        return true;
    }

    /// <summary>Replaces the large leaf in a slot by <paramref name="table"/>, an empty table, filled with leaves one level down that map the same frames with the
    /// same bits.</summary>
    internal void Split(FrameNumber parent, int index, PageTableLevel level, FrameNumber table)
    {
        PageTableEntry leaf = Memory.Entry(parent, index);
        PageTableLevel below = level - 1;
        ulong bits = leaf.Value & ~PageTableEntry.FrameMask;
        if (below == PageTableLevel.Pte)
            bits &= ~PageTableEntry.LargeBit;
        ulong step = Geometry.FramesPerLeaf(below) << PageSize.Shift;
        ulong value = (leaf.Value & PageTableEntry.FrameMask) | bits;
        Span<PageTableEntry> entries = Entries(table, below);
        for (int i = 0; i < entries.Length; i++, value += step)
            entries[i] = new PageTableEntry(value);
        Memory.AddLiveEntries(table, entries.Length);
        Set(parent, index, PageTableEntry.ToTable(table));
    }
}
