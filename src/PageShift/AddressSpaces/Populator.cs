using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// What populating does in a mapping, as on Linux 6.18:
//
//   for                     access                             refused (NotPermitted)     holes
//   mmap, mlock, mremap     write if private and writable,     PROT_NONE, execute-only    skipped
//                           else read
//   MADV_POPULATE_READ      read                               not readable               stop
//   MADV_POPULATE_WRITE     write                              not writable               stop
//
// Secret memory is refused too: the kernel does not touch it. A page that a userfaultfd would have to bring in stops it (BeyondObject).
/// <summary>Brings pages in ahead of accesses: MAP_POPULATE, mlock, MADV_POPULATE.</summary>
/// <remarks>Under the mapping lock, exclusively.</remarks>
internal sealed class Populator(SpaceState state, LeafPages pages, FaultHandler faults)
{
    private readonly SpaceState _state = state;
    private readonly MappingTree _mappings = state.Mappings;
    private readonly PageTableTree _tables = state.Tables;
    private readonly LeafPages _pages = pages;
    private readonly FaultHandler _faults = faults;

    /// <summary>Brings in all pages of a range, page aligned, as accesses would. What was brought in stays when it stops. The mapping lock is held exclusively.</summary>
    internal PopulateOutcome Populate(AddressRange range, PopulateMode mode)
    {
        bool stopsAtHoles = mode is PopulateMode.Read or PopulateMode.Write;
        VirtualAddress at = range.Start;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            AddressRange part = _mappings.RangeOf(handle).Intersect(range);
            if (stopsAtHoles && part.Start != at)
                return new PopulateOutcome(at, AccessFault.NotMapped);
            PopulateOutcome outcome = PopulateMapping(handle, part, mode);
            if (!outcome.IsComplete && mode != PopulateMode.BestEffort)
                return outcome;
            at = part.End;
        }

        return stopsAtHoles && at < range.End
            ? new PopulateOutcome(at, AccessFault.NotMapped)
            : new PopulateOutcome(range.End, AccessFault.None);
    }

    private PopulateOutcome PopulateMapping(MappingHandle handle, AddressRange part, PopulateMode mode)
    {
        Mapping mapping = _mappings[handle];
        bool isLock = mode is PopulateMode.BestEffort or PopulateMode.Lock;
        if (isLock && mapping.Flags.Has(VmFlags.LockOnFault))
            return new PopulateOutcome(part.End, AccessFault.None);
        VmFlags needed = isLock ? VmFlags.AccessMask : mode == PopulateMode.Read ? VmFlags.Read : VmFlags.Write;
        bool isSecret = mapping.File is { Object.Kind: MemoryObjectKind.SecretMemory };
        if ((mapping.Flags & needed) == 0 || mapping.Flags.Has(VmFlags.ExecuteOnly) || isSecret)
            return new PopulateOutcome(part.Start, AccessFault.NotPermitted);
        bool isWrite = isLock ? (mapping.Flags & (VmFlags.Write | VmFlags.Shared)) == VmFlags.Write : mode == PopulateMode.Write;
        return PopulatePart(handle, part, isWrite);
    }

    private PopulateOutcome PopulatePart(MappingHandle handle, AddressRange part, bool isWrite)
    {
        var probe = new PageFault(handle, _mappings[handle], part.Start, isWrite, IsExclusive: true);
        bool inBulk = !probe.IsOfObject && !_state.IsUnserved(probe.Mapping.Flags) && !_state.MayFaultLarge(probe.Mapping.Flags);
        for (VirtualAddress at = part.Start; at < part.End;)
        {
            PageTableWalk walk = _tables.Walk(at);
            if (walk.Entry.IsPresent && (!isWrite || walk.Entry.IsWritable))
            {
                at = walk.Level == PageTableLevel.Pte ? EndOfPresent(at, part.End, walk, isWrite) : _pages.EndOfSlot(at, walk.Level);
            }
            else if (inBulk && walk.Entry.IsNone)
            {
                PopulateOutcome outcome = PopulateUntouched(probe, new AddressRange(at, part.End));
                if (!outcome.IsComplete)
                    return outcome;
                at = outcome.Reached;
            }
            else if (_faults.ResolveFault(at, isWrite ? AccessKind.Write : AccessKind.Read, isExclusive: true).Fault is var fault && fault != AccessFault.None)
            {
                return new PopulateOutcome(at, fault);
            }
        }

        return new PopulateOutcome(part.End, AccessFault.None);
    }

    /// <summary>The end of the pages from <paramref name="at"/> on, in one table, that a populating access need not fault.</summary>
    private VirtualAddress EndOfPresent(VirtualAddress at, VirtualAddress end, in PageTableWalk walk, bool isWrite)
    {
        ulong needed = isWrite ? PageTableEntry.PresentBit | PageTableEntry.WritableBit : PageTableEntry.PresentBit;
        ReadOnlySpan<PageTableEntry> entries = _tables.Entries(walk.Table, walk.Level)[walk.Index..];
        int most = (int)Math.Min((ulong)entries.Length, (end - at).WholePages.Value);
        int pages = TableMemory.CountHaving(entries[..most], needed);
        return at + new ByteLength((ulong)pages << PageSize.Shift);
    }

    /// <summary>Brings in anonymous pages of 4 KiB from the start of a range, where nothing is, up to the first entry in it; perhaps not all of them.</summary>
    private PopulateOutcome PopulateUntouched(in PageFault probe, AddressRange range)
    {
        ulong bits = LeafBits.ForFault(probe.Mapping.Flags, probe.IsWrite);
        VirtualAddress reached;
        if (!probe.IsWrite)
        {
            VirtualAddress end = _tables.TryFindLive(range, out VirtualAddress live) ? live : range.End;
            bool isMapped = _tables.TryFillPages(new AddressRange(range.Start, end), PageTableEntry.Leaf(FrameNumber.ZeroPage, bits), out reached);
            return new PopulateOutcome(reached, isMapped ? AccessFault.None : AccessFault.OutOfMemory);
        }

        _state.EnsureAnon(probe.Handle);
        bool isComplete = _tables.TryPopulateRun(range, bits, out reached);
        return new PopulateOutcome(reached, isComplete ? AccessFault.None : AccessFault.OutOfMemory);
    }

    /// <summary>Populates what a mapping that is locked, and not only on fault, has got.</summary>
    internal void PopulateIfLocked(VmFlags flags, AddressRange grown)
    {
        if ((flags & (VmFlags.Locked | VmFlags.LockOnFault)) == VmFlags.Locked)
            Populate(grown, PopulateMode.BestEffort);
    }
}
