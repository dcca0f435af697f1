using PageShift.Physical;

namespace PageShift.PageTables;

/// <summary>Where a walk from the root to an address ended: at a leaf, at a marker, or at an empty slot.</summary>
/// <param name="Level">The level of the slot.</param>
/// <param name="Table">The table that holds the slot.</param>
/// <param name="Index">The slot's index in the table.</param>
/// <param name="Entry">What stood in the slot.</param>
internal readonly record struct PageTableWalk(PageTableLevel Level, FrameNumber Table, int Index, PageTableEntry Entry)
{
    /// <summary>True when the walk found a frame.</summary>
    internal bool IsMapped => Entry.IsMapped;
}
