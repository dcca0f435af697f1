using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The pages behind leaves: whether they are a mapping's own, copies of them, large ones; and how a leaf gets into the tables.</summary>
/// <remarks>Under the mapping lock, exclusively, or shared and the fault lock.</remarks>
internal sealed class LeafPages(SpaceState state)
{
    private readonly SpaceState _state = state;
    private readonly PhysicalMemory _memory = state.Memory;
    private readonly PageTableTree _tables = state.Tables;
    private readonly SpaceProcessors _processors = state.Processors;
    private readonly PagingGeometry _geometry = state.Options.Geometry;

    /// <summary>Puts a leaf into the empty slot where <paramref name="walk"/> ended, or below it, in tables from <paramref name="tables"/>. The subtree is complete before
    /// its one top entry is written, so that walks beside this see nothing or all of it.</summary>
    internal void Install(VirtualAddress address, PageTableLevel level, PageTableEntry leaf, in PageTableWalk walk, ref TableReserve tables)
    {
        PageTableEntry entry = leaf;
        for (PageTableLevel at = level; at < walk.Level; at++)
        {
            FrameNumber table = tables.Take();
            _tables.Set(table, _geometry.Index(address, at), entry);
            entry = PageTableEntry.ToTable(table);
        }

        _tables.Set(walk.Table, walk.Index, entry);
    }

    /// <summary>True when the leaf is the only holder of its frames: then a private page is the mapping's own already.</summary>
    internal bool IsOnlyReference(in PageTableWalk walk)
    {
        FrameNumber first = walk.Entry.Frame;
        for (ulong i = 0; i < _geometry.FramesPerLeaf(walk.Level); i++)
        {
            if (!IsOnlyReference(first + i))
                return false;
        }

        return true;
    }

    /// <summary>True when nothing else refers to a frame.</summary>
    internal bool IsOnlyReference(FrameNumber frame) => !_memory.IsZeroPage(frame) && _memory.References(frame) == 1;

    /// <summary>Makes a copy of a frame. False when memory is out.</summary>
    internal bool TryCopyFrame(FrameNumber frame, out FrameNumber copy)
    {
        bool isZero = _memory.IsZeroPage(frame);
        if (!_memory.TryAllocateFrame(zeroed: isZero, out copy))
            return false;
        if (!isZero)
            CopyContent(frame, copy);
        return true;
    }

    /// <summary>Copies the bytes of a frame, where frames have any.</summary>
    internal void CopyContent(FrameNumber from, FrameNumber to)
    {
        if (!_memory.IsBytesFree)
            _memory.Bytes(from).CopyTo(_memory.Bytes(to));
    }

    /// <summary>Allocates the frames of a large page, or gives the large zero page. False when memory has no such run.</summary>
    internal bool TryAllocateLargePage(bool zeroPage, out FrameNumber first) => zeroPage
        ? _memory.TryGetHugeZero(_geometry.IndexBits(PageTableLevel.Pte), out first)
        : _memory.TryAllocateContiguous(_geometry.IndexBits(PageTableLevel.Pte), zeroed: true, out first);

    /// <summary>The block of 2 MiB that a large page at an address fills.</summary>
    internal AddressRange LargeBlock(VirtualAddress page)
    {
        ByteLength span = _geometry.Span(PageTableLevel.Pmd);
        return new AddressRange(page.AlignDown(span), span);
    }

    /// <summary>Where the slot ends that an entry of <paramref name="level"/> at an address stands in.</summary>
    internal VirtualAddress EndOfSlot(VirtualAddress address, PageTableLevel level) => address.AlignDown(_geometry.Span(level)) + _geometry.Span(level);

    /// <summary>Gives a mapping a page of its own in place of the one that its leaf maps, and flushes.</summary>
    internal void ReplacePage(in PageFault fault, in PageTableWalk walk, FrameNumber frame)
    {
        _state.EnsureAnon(fault.Handle);
        _tables.Set(walk.Table, walk.Index, PageTableEntry.Leaf(frame, LeafBits.ForFault(fault.Mapping.Flags, write: true)));
        _memory.Release(walk.Entry.Frame);
        _processors.Flush(new AddressRange(fault.Page, PageSize.Length));
    }
}
