using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>Makes pages present, however they came there: what is known of a process whose faults were not seen. Each gets a frame of its own, also where the mapping shows an
    /// object or forbids all access. Pages that are present stay; so does the identity of the mapping. For planning moves.</summary>
    /// <param name="range">The pages; what is not mapped of it is passed over.</param>
    /// <param name="level"><see cref="PageTableLevel.Pmd"/> for entries of 2 MiB where a whole one fits, else <see cref="PageTableLevel.Pte"/>.</param>
    /// <returns>0, or EINVAL (not whole pages, or beyond user space), ENOMEM (memory is out; a first part is present then).</returns>
    /// <remarks>Thread-safe.</remarks>
    internal CallResult MarkPresent(AddressRange range, PageTableLevel level = PageTableLevel.Pte)
    {
        if (!range.Start.IsPageAligned || !range.End.IsPageAligned || range.End > Geometry.UserLimit)
            return Errno.InvalidArgument;
        using MappingLock.ExclusiveScope scope = EnterCall();
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            AddressRange part = _mappings.RangeOf(handle).Intersect(range);
            ulong bits = LeafBits.ForFault(_mappings.FlagsOf(handle), write: false);
            if (level == PageTableLevel.Pmd)
                MarkLargePages(part, bits);
            if (!_tables.TryPopulate(part, bits))
                return Errno.OutOfMemory;
        }

        return CallResult.Success;
    }

    /// <summary>True when no slot for an address of a range is occupied. Thread-safe.</summary>
    internal bool IsUntouched(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return !_tables.TryFindLive(range, out _);
    }

    /// <summary>Takes all pages away, and leaves the mappings: the space is as if none had been touched yet, but for the identities. Thread-safe.</summary>
    internal void ForgetPages()
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        var everything = new AddressRange(VirtualAddress.Zero, Geometry.UserLimit);
        if (!_tables.IsEmpty && _tables.Zap(everything, keepGuards: false).Entries != 0)
            _processors.Flush(everything);
        _linuxTables.Forgotten();
    }

    /// <summary>Fills the empty slots of whole blocks with large leaves. Where none is free, small ones will do.</summary>
    private void MarkLargePages(AddressRange part, ulong bits)
    {
        ByteLength span = Geometry.Span(PageTableLevel.Pmd);
        for (VirtualAddress block = part.Start.AlignUp(span); block < part.End && part.End - block >= span; block += span)
        {
            PageTableWalk walk = _tables.Walk(block);
            if (!walk.Entry.IsNone || walk.Level < PageTableLevel.Pmd)
                continue;
            var tables = new TableReserve(Memory);
            if (!tables.TryFill((ulong)(walk.Level - PageTableLevel.Pmd)))
                return;
            if (!_pages.TryAllocateLargePage(zeroPage: false, out FrameNumber first))
            {
                tables.Drain();
                return;
            }

            _pages.Install(block, PageTableLevel.Pmd, PageTableEntry.Leaf(first, bits | PageTableEntry.LargeBit), walk, ref tables);
        }
    }
}
