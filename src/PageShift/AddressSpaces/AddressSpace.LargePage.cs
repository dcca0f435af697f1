using PageShift.Abi;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;

namespace PageShift;

/// <summary>Faults in leaves of 2 MiB (transparent huge pages), where madvise(MADV_HUGEPAGE) asked for them.</summary>
public sealed partial class AddressSpace
{
    /// <summary>Faults in a large page where the block lies wholly in the mapping and its slot is empty: a write gets zeroed frames, a read the large zero page. Both give the mapping
    /// an identity (checked on the kernel; a read of a small page does not). False when it does not apply or memory has no such run of frames: small pages then.</summary>
    private bool TryFaultLargePage(in PageFault fault, in PageTableWalk walk)
    {
        const PageTableLevel Level = PageTableLevel.Pmd;
        const VmFlags Asked = VmFlags.HugePage | VmFlags.NoHugePage;
        if (!Options.TransparentHugePages || (fault.Mapping.Flags & Asked) != VmFlags.HugePage || walk.Level < Level)
            return false;
        AddressRange block = LargeBlock(fault.Page);
        if (!fault.Mapping.Range.Contains(block) || _linuxTables.KeepsEmpty(PageTableLevel.Pte, block.Start))
            return false; // where Linux still has an empty table, small pages go on filling it
        var tables = new TableReserve(Memory);
        if (!tables.TryFill((ulong)(walk.Level - Level)))
            return false;
        if (!TryAllocateLargePage(zeroPage: !fault.IsWrite, out FrameNumber first))
        {
            tables.Drain();
            return false;
        }

        EnsureAnon(fault.Handle);
        InstallLeaf(block.Start, Level, LargeLeaf(first, fault), walk, ref tables);
        return true;
    }

    /// <summary>A write to a large page that is not the mapping's own: the large zero page becomes a large page of zeroes if there are frames for one; else the leaf is
    /// split, and the one page copied.</summary>
    private AccessFault FaultReadOnlyLargePage(in PageFault fault, in PageTableWalk walk)
    {
        if (walk.Level == PageTableLevel.Pmd && Memory.IsZeroPage(walk.Entry.Frame) && TryAllocateLargePage(zeroPage: false, out FrameNumber first))
        {
            EnsureAnon(fault.Handle);
            _tables.Set(walk.Table, walk.Index, LargeLeaf(first, fault));
            FlushTlb(LargeBlock(fault.Page));
            return AccessFault.None;
        }

        FrameNumber old = walk.Entry.Frame + (fault.Page - fault.Page.AlignDown(Geometry.Span(walk.Level))).WholePages.Value;
        bool copies = !IsOnlyReference(old);
        FrameNumber copy = FrameNumber.None;
        var tables = new TableReserve(Memory);
        if (!tables.TryFill((ulong)walk.Level) || (copies && !TryCopyFrame(old, out copy)))
        {
            tables.Drain();
            return AccessFault.OutOfMemory;
        }

        PageTableWalk at = walk;
        for (; at.Level > PageTableLevel.Pte; at = _tables.Walk(fault.Page))
            _tables.Split(at.Table, at.Index, at.Level, tables.Take());
        if (copies)
            ReplacePage(fault, at, copy);
        else
            _tables.SetBits(at.Table, at.Index, PageTableEntry.WritableBit | PageTableEntry.AccessedBit | PageTableEntry.DirtyBit);
        return AccessFault.None;
    }

    private bool TryAllocateLargePage(bool zeroPage, out FrameNumber first) => zeroPage
        ? Memory.TryGetHugeZero(Geometry.IndexBits, out first)
        : Memory.TryAllocateContiguous(Geometry.IndexBits, zeroed: true, out first);

    private AddressRange LargeBlock(VirtualAddress page)
    {
        ByteLength span = Geometry.Span(PageTableLevel.Pmd);
        return new AddressRange(page.AlignDown(span), span);
    }

    private static PageTableEntry LargeLeaf(FrameNumber first, in PageFault fault) =>
        PageTableEntry.Leaf(first, LeafBits.ForFault(fault.Mapping.Flags, fault.IsWrite) | PageTableEntry.LargeBit);
}
