using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>Faults in leaves of 2 MiB (transparent huge pages), where madvise(MADV_HUGEPAGE) asked for them, or where the system gives them unasked.</summary>
/// <remarks>Under the fault lock, and the mapping lock as <see cref="FaultHandler"/> says.</remarks>
internal sealed class LargePageFaults(SpaceState state, LeafPages pages)
{
    private readonly SpaceState _state = state;
    private readonly LeafPages _pages = pages;
    private readonly PhysicalMemory _memory = state.Memory;
    private readonly PageTableTree _tables = state.Tables;
    private readonly LinuxTables _linuxTables = state.LinuxTables;
    private readonly SpaceProcessors _processors = state.Processors;
    private readonly PagingGeometry _geometry = state.Options.Geometry;

    /// <summary>Faults in a large page where the block lies wholly in the mapping and its slot is empty: a write gets zeroed frames, a read the large zero page. Both give the mapping
    /// an identity (checked on the kernel; a read of a small page does not). False when it does not apply or memory has no such run of frames: small pages then.</summary>
    internal bool TryFault(in PageFault fault, in PageTableWalk walk)
    {
        const PageTableLevel Level = PageTableLevel.Pmd;
        if (!MayFault(fault, walk))
            return false;
        AddressRange block = _pages.LargeBlock(fault.Page);
        var tables = new TableReserve(_memory);
        if (!tables.TryFill((ulong)(walk.Level - Level)))
            return false;
        if (!_pages.TryAllocateLargePage(zeroPage: !fault.IsWrite, out FrameNumber first))
        {
            tables.Drain();
            return false;
        }

        _state.EnsureAnon(fault.Handle);
        _pages.Install(block.Start, Level, LargeLeaf(first, fault), walk, ref tables);
        return true;
    }

    /// <summary>True when a large page may be brought in. Where Linux still has an empty table, small pages go on filling it.</summary>
    internal bool MayFault(in PageFault fault, in PageTableWalk walk) =>
        walk.Level >= PageTableLevel.Pmd
        && _state.MayFaultLarge(fault.Mapping.Flags)
        && fault.Mapping.Range.Contains(_pages.LargeBlock(fault.Page))
        && !_linuxTables.KeepsEmpty(PageTableLevel.Pte, _pages.LargeBlock(fault.Page).Start);

    /// <summary>A write to a large page that is not the mapping's own: the large zero page becomes a large page of zeroes if there are frames for one; else the leaf is
    /// split, and the one page copied.</summary>
    internal AccessFault FaultReadOnly(in PageFault fault, in PageTableWalk walk)
    {
        if (walk.Level == PageTableLevel.Pmd && _memory.IsZeroPage(walk.Entry.Frame) && _pages.TryAllocateLargePage(zeroPage: false, out FrameNumber first))
        {
            _state.EnsureAnon(fault.Handle);
            _tables.Set(walk.Table, walk.Index, LargeLeaf(first, fault));
            _processors.Flush(_pages.LargeBlock(fault.Page));
            return AccessFault.None;
        }

        FrameNumber old = walk.Entry.Frame + (fault.Page - fault.Page.AlignDown(_geometry.Span(walk.Level))).WholePages.Value;
        bool copies = !_pages.IsOnlyReference(old);
        FrameNumber copy = FrameNumber.None;
        var tables = new TableReserve(_memory);
        if (!tables.TryFill((ulong)walk.Level) || (copies && !_pages.TryCopyFrame(old, out copy)))
        {
            tables.Drain();
            return AccessFault.OutOfMemory;
        }

        PageTableWalk at = walk;
        for (; at.Level > PageTableLevel.Pte; at = _tables.Walk(fault.Page))
            _tables.Split(at.Table, at.Index, at.Level, tables.Take());
        if (copies)
            _pages.ReplacePage(fault, at, copy);
        else
            _tables.SetBits(at.Table, at.Index, PageTableEntry.WritableBit | PageTableEntry.AccessedBit | PageTableEntry.DirtyBit);
        return AccessFault.None;
    }

    private static PageTableEntry LargeLeaf(FrameNumber first, in PageFault fault) =>
        PageTableEntry.Leaf(first, LeafBits.ForFault(fault.Mapping.Flags, fault.IsWrite) | PageTableEntry.LargeBit);
}
