using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    // in this order                                                    result
    // NOHUGEPAGE, a file, or no aligned block in the whole mapping       EINVAL
    // PR_SET_THP_DISABLE without its exception                           EINVAL
    // an object's pages that lie otherwise in a block                    EINVAL
    // anonymous memory that never had a private page                     EINVAL
    // no aligned block in the part, but an address that would begin one  0
    // not even that                                                      EINVAL
    // memory of an object                                                EINVAL; Linux tries, and does so for shared memory that is in memory
    // block by block, up to the first that fails:
    //     no page table, or a guard page                                 EINVAL
    //     registered with a userfaultfd, and a page is missing           EBUSY
    //     no memory                                                      ENOMEM
    /// <summary>MADV_COLLAPSE: copies the pages of each aligned block of 2 MiB in a part of a mapping into one large page.</summary>
    private Errno AdviseCollapse(MappingHandle handle, AddressRange part)
    {
        Mapping mapping = _mappings[handle];
        ByteLength span = Geometry.Span(PageTableLevel.Pmd);
        bool isAnonymous = IsAnonymousPrivate(handle);
        if (mapping.Flags.Has(VmFlags.NoHugePage) || Controls.LargePages == LargePageDisabling.Disabled || FirstBlock(mapping.Range, span) is null)
            return Errno.InvalidArgument;
        if (isAnonymous ? mapping.Anon.IsNone : mapping.File!.Object.Kind == MemoryObjectKind.File)
            return Errno.InvalidArgument;
        if (!isAnonymous && ((mapping.Start.Value >> PageSize.Shift) - mapping.PageOffset.Value) % Geometry.FramesPerLeaf(PageTableLevel.Pmd) != 0)
            return Errno.InvalidArgument;
        if (part.Start.AlignUp(span) == part.End.AlignDown(span))
            return Errno.None;
        if (!isAnonymous || FirstBlock(part, span) is null)
            return Errno.InvalidArgument;
        for (AddressRange? next = FirstBlock(part, span); next is { } block; next = FirstBlock(new AddressRange(block.End, part.End), span))
        {
            Errno error = CollapseBlock(block, mapping.Flags);
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    /// <summary>The lowest aligned block of <paramref name="span"/> that lies wholly in a range.</summary>
    private static AddressRange? FirstBlock(AddressRange range, ByteLength span)
    {
        VirtualAddress start = range.Start.AlignUp(span);
        return start < range.End && range.End - start >= span ? new AddressRange(start, span) : null;
    }

    private Errno CollapseBlock(AddressRange block, VmFlags flags)
    {
        PageTableWalk walk = _tables.Walk(block.Start);
        if (walk.Level != PageTableLevel.Pte)
        {
            if (walk.Entry.IsMapped)
                return Errno.None;
            if (!_linuxTables.KeepsEmpty(PageTableLevel.Pte, block.Start))
                return Errno.InvalidArgument;
        }

        bool hasTable = walk.Level == PageTableLevel.Pte;
        if (!hasTable && flags.Has(VmFlags.UserFault))
            return Errno.Busy;
        Span<PageTableEntry> entries = hasTable ? _tables.Entries(walk.Table, PageTableLevel.Pte) : default;
        foreach (PageTableEntry entry in entries)
        {
            if (entry.IsMarker)
                return Errno.InvalidArgument;
            if (flags.Has(VmFlags.UserFault) && (!entry.IsMapped || Memory.IsZeroPage(entry.Frame)))
                return Errno.Busy;
        }

        if (!Memory.TryAllocateContiguous(Geometry.IndexBits(PageTableLevel.Pte), zeroed: true, out FrameNumber first))
            return Errno.OutOfMemory;
        if (!hasTable && !_tables.TryMakeTable(block.Start, PageTableLevel.Pmd, out _))
        {
            ReleaseRun(first);
            return Errno.OutOfMemory;
        }

        CopyPages(entries, first);
        if (hasTable)
        {
            Memory.ReleaseMapped(entries);
            Memory.AddLiveEntries(walk.Table, -PageTableTree.CountLive(entries));
            entries.Clear();
        }

        ReplaceTableByLeaf(block, first, flags);
        _linuxTables.Collapsed(block);
        _processors.Flush(block);
        return Errno.None;
    }

    private void CopyPages(ReadOnlySpan<PageTableEntry> entries, FrameNumber first)
    {
        if (Memory.IsBytesFree)
            return;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].IsMapped && !Memory.IsZeroPage(entries[i].Frame))
                Memory.Bytes(entries[i].Frame).CopyTo(Memory.Bytes(first + (ulong)i));
        }
    }

    private void ReplaceTableByLeaf(AddressRange block, FrameNumber first, VmFlags flags)
    {
        _tables.TryFindTable(block.Start, PageTableLevel.Pmd, out FrameNumber parent);
        int index = Geometry.Index(block.Start, PageTableLevel.Pmd);
        if (Memory.Entry(parent, index) is { IsNone: false } table)
            Memory.FreeTable(table.Frame);
        ulong bits = LeafBits.ForFlags(flags) | PageTableEntry.LargeBit | PageTableEntry.AccessedBit | PageTableEntry.DirtyBit;
        if (flags.Has(VmFlags.Write))
            bits |= PageTableEntry.WritableBit;
        _tables.Set(parent, index, PageTableEntry.Leaf(first, bits));
    }

    private void ReleaseRun(FrameNumber first)
    {
        for (ulong frame = 0; frame < Geometry.FramesPerLeaf(PageTableLevel.Pmd); frame++)
            Memory.Release(first + frame);
    }
}
