using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>madvise: drops, populates, guards, or describes the pages of a range.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="advice">What to do.</param>
    /// <returns>0, or EINVAL (unknown advice, unaligned, a wrap, or not for such a mapping), ENOMEM (a hole: the mappings around it are advised nevertheless), EPERM
    /// (sealed), EACCES (REMOVE of what can't be written), EFAULT (POPULATE, past the end of an object or on a guard page), EAGAIN (a split at the map-count limit).</returns>
    /// <remarks>Thread-safe. There is no swap and no memory pressure: FREE and COLD only forget that pages were used, PAGEOUT unmaps pages of objects, WILLNEED does nothing.
    /// Source: madvise(2); docs/linux-rules.md section 8, checked on Linux 6.18.</remarks>
    public CallResult Advise(VirtualAddress start, ByteLength length, Advice advice)
    {
        CallResult result;
        List<PunchedHole>? holes;
        using (EnterCall())
        {
            result = AdviseLocked(start.Value, length.Value, advice);
            holes = TakePunchedHoles();
        }

        UnmapElsewhere(holes);
        return result;
    }

    // in this order                               result
    // unknown advice; start unaligned; a wrap     EINVAL
    // length 0                                    0
    // POPULATE_*                                  see AdvisePopulate
    // mapping by mapping, ascending; an error stops, a hole is passed over and is ENOMEM in the end
    internal CallResult AdviseLocked(ulong start, ulong length, Advice advice)
    {
        ulong rounded = PageSize.RoundUpWrapping(length);
        ulong end = unchecked(start + rounded);
        if (!IsKnown(advice) || (start & (PageSize.Bytes - 1)) != 0 || (length != 0 && rounded == 0) || end < start)
            return Errno.InvalidArgument;
        if (end == start)
            return CallResult.Success;
        var range = new AddressRange(new VirtualAddress(start), new VirtualAddress(end));
        if (advice is Advice.PopulateRead or Advice.PopulateWrite)
            return AdvisePopulate(range, advice == Advice.PopulateRead ? PopulateMode.Read : PopulateMode.Write);

        bool hole = false;
        for (VirtualAddress at = range.Start; at < range.End;)
        {
            MappingHandle handle = _mappings.FindFirstEndingAbove(at);
            if (handle.IsNone)
                return Errno.OutOfMemory;
            AddressRange part = _mappings.RangeOf(handle).Intersect(range);
            if (part.IsEmpty)
                return Errno.OutOfMemory;
            part = new AddressRange(VirtualAddress.Max(part.Start, at), part.End);
            hole |= part.Start > at;
            Errno error = AdvisePart(handle, part, advice);
            if (error != Errno.None)
                return error;
            at = part.End;
        }

        return hole ? Errno.OutOfMemory : CallResult.Success;
    }

    private bool IsKnown(Advice advice) => advice switch
    {
        Advice.PopulateRead or Advice.PopulateWrite => Options.Kernel.HasPopulateAdvice,
        Advice.Collapse => Options.Kernel.HasCollapse,
        Advice.GuardInstall or Advice.GuardRemove => Options.Kernel.HasGuardRegions,
        _ => advice is (>= Advice.Normal and <= Advice.DontNeed) or (>= Advice.Free and < Advice.Collapse),
    };

    private Errno AdvisePopulate(AddressRange range, PopulateMode mode)
    {
        // Where no mapping can be, the range has a hole; what is below the limit is populated first.
        VirtualAddress end = VirtualAddress.Min(range.End, Geometry.UserLimit);
        if (range.Start >= end)
            return Errno.OutOfMemory;
        return _populator.Populate(new AddressRange(range.Start, end), mode).Fault switch
        {
            AccessFault.None => end == range.End ? Errno.None : Errno.OutOfMemory,
            AccessFault.NotMapped or AccessFault.OutOfMemory => Errno.OutOfMemory,
            AccessFault.NotPermitted => Errno.InvalidArgument,
            _ => Errno.BadAddress,
        };
    }

    /// <summary>Advises the part of one mapping. What discards pages of sealed private memory that can't be written is forbidden (EPERM), before all else.</summary>
    private Errno AdvisePart(MappingHandle handle, AddressRange part, Advice advice)
    {
        VmFlags flags = _mappings.FlagsOf(handle);
        if (flags.Has(VmFlags.Sealed) && !flags.Has(VmFlags.Write) && IsAnonymousPrivate(handle) && Discards(advice))
            return Errno.OperationNotPermitted;
        switch (advice)
        {
            case Advice.WillNeed:
                return Errno.None;
            case Advice.DontNeed when flags.Has(VmFlags.Locked):
            case Advice.DontNeed or Advice.DontNeedLocked or Advice.Cold or Advice.PageOut when flags.Has(VmFlags.PageFrames):
            case Advice.GuardInstall or Advice.GuardRemove when flags.Has(VmFlags.DontExpand):
                return Errno.InvalidArgument;
            case Advice.DontNeed:
            case Advice.DontNeedLocked:
                return AdviseDontNeed(part);
            case Advice.Free when !IsAnonymousPrivate(handle):
            case Advice.Free or Advice.Cold or Advice.PageOut when flags.Has(VmFlags.Locked):
                return Errno.InvalidArgument;
            case Advice.Free:
                ForgetUse(part, PageTableEntry.AccessedBit | PageTableEntry.DirtyBit);
                return Errno.None;
            case Advice.Cold:
                ForgetUse(part, PageTableEntry.AccessedBit);
                return Errno.None;
            case Advice.PageOut:
                AdvisePageOut(handle, part);
                return Errno.None;
            case Advice.Remove:
                return AdviseRemove(handle, part);
            case Advice.Collapse:
                return AdviseCollapse(handle, part);
            case Advice.GuardInstall:
                return flags.Has(VmFlags.Locked) ? Errno.InvalidArgument : InstallGuards(handle, part);
            case Advice.GuardRemove:
                RemoveGuards(part);
                return Errno.None;
            default:
                return AdviseFlags(handle, part, advice);
        }
    }

    private static bool Discards(Advice advice) =>
        advice is Advice.DontNeed or Advice.Free or Advice.Remove or Advice.DontFork or Advice.WipeOnFork or Advice.DontNeedLocked or Advice.GuardInstall;

    /// <summary>True for private memory without an object, or with /dev/zero, which is none. (A shared mapping of /dev/zero that may be written has an object of its own
    /// instead; one that may not is as anonymous as a private one.)</summary>
    private bool IsAnonymousPrivate(MappingHandle handle) =>
        _mappings.FileOf(handle) is { } file ? file.Object.Kind == MemoryObjectKind.ZeroDevice : !_mappings.FlagsOf(handle).Has(VmFlags.Special);

    // advice                    on                          result
    // WIPEONFORK                anything with a file        EINVAL
    // KEEPONFORK, DODUMP        droppable memory            EINVAL
    // DODUMP                    the kernel's own mappings   EINVAL
    // DOFORK                    page frames of nobody's     EINVAL
    // MERGEABLE                 what KSM can't merge        nothing
    // others                    all                         the flags change; EAGAIN at the map-count limit, EINVAL where it can't be split
    private Errno AdviseFlags(MappingHandle handle, AddressRange part, Advice advice)
    {
        VmFlags old = _mappings.FlagsOf(handle);
        bool isDroppable = old.Has(VmFlags.Droppable);
        if ((advice == Advice.WipeOnFork && _mappings.FileOf(handle) is not null)
            || (advice is Advice.KeepOnFork or Advice.DoDump && isDroppable)
            || (advice == Advice.DoDump && old.Has(VmFlags.DontExpand))
            || (advice == Advice.DoFork && old.Has(VmFlags.PageFrames)))
            return Errno.InvalidArgument;
        if (advice == Advice.Mergeable && (isDroppable || (old & (VmFlags.MayShare | VmFlags.DontExpand)) != 0))
            return Errno.None;

        (VmFlags clear, VmFlags set) = FlagChangeOf(advice);
        Errno error = Modify(handle, part, (old & ~clear) | set);
        return error == Errno.OutOfMemory ? Errno.TryAgain : error;
    }

    private static (VmFlags Clear, VmFlags Set) FlagChangeOf(Advice advice) => advice switch
    {
        Advice.Normal => (VmFlags.RandomRead | VmFlags.SequentialRead, VmFlags.None),
        Advice.Random => (VmFlags.SequentialRead, VmFlags.RandomRead),
        Advice.Sequential => (VmFlags.RandomRead, VmFlags.SequentialRead),
        Advice.DontFork => (VmFlags.None, VmFlags.DontCopy),
        Advice.DoFork => (VmFlags.DontCopy, VmFlags.None),
        Advice.WipeOnFork => (VmFlags.None, VmFlags.WipeOnFork),
        Advice.KeepOnFork => (VmFlags.WipeOnFork, VmFlags.None),
        Advice.DontDump => (VmFlags.None, VmFlags.DontDump),
        Advice.DoDump => (VmFlags.DontDump, VmFlags.None),
        Advice.Mergeable => (VmFlags.None, VmFlags.Mergeable),
        Advice.Unmergeable => (VmFlags.Mergeable, VmFlags.None),
        Advice.HugePage => (VmFlags.NoHugePage, VmFlags.HugePage),
        Advice.NoHugePage => (VmFlags.HugePage, VmFlags.NoHugePage),
        _ => throw new ArgumentOutOfRangeException(nameof(advice), advice, "The advice changes no flags."),
    };

    private Errno AdviseDontNeed(AddressRange part)
    {
        if (!_unmapper.TrySplitLeavesAtEnds(part))
            return Errno.OutOfMemory;
        _unmapper.ZapDropped(part);
        return Errno.None;
    }

    // in this order                                result
    // locked, or no object                         EINVAL
    // private, or the file is not open for writing EACCES
    // begins or ends past the largest file offset  EINVAL, EFBIG; only a device is mapped there
    // no memory for the zeroes of a file           ENOMEM
    private Errno AdviseRemove(MappingHandle handle, AddressRange part)
    {
        Mapping mapping = _mappings[handle];
        if (mapping.Flags.Has(VmFlags.Locked) || mapping.File is not { } file)
            return Errno.InvalidArgument;
        if ((mapping.Flags & (VmFlags.Shared | VmFlags.MayWrite)) != (VmFlags.Shared | VmFlags.MayWrite))
            return Errno.AccessDenied;
        PageCount first = mapping.PageOffsetAt(part.Start);
        if (first.Value >= FileOffsetPages)
            return Errno.InvalidArgument;
        if (part.Length.WholePages.Value >= FileOffsetPages - first.Value)
            return Errno.FileTooLarge;
        UnmapObjectPages(file.Object, first, part.Length.WholePages);
        if (!file.Object.TryPunchHole(first, part.Length.WholePages))
            return Errno.OutOfMemory;
        NotePunchedHole(new PunchedHole(file.Object, first, part.Length.WholePages));
        return Errno.None;
    }

    /// <summary>Takes the leaves away that map pages of an object, in all mappings of this space; private copies stay. What other spaces map becomes zero in place, and is taken
    /// away when this call is over (<see cref="UnmapElsewhere"/>).</summary>
    private void UnmapObjectPages(MemoryObject memoryObject, PageCount first, PageCount count)
    {
        for (MappingHandle handle = _mappings.First; handle.Exists; handle = _mappings.Next(handle))
        {
            if (_mappings.FileOf(handle) is not { } file || file.Object != memoryObject)
                continue;
            Mapping mapping = _mappings[handle];
            ulong from = Math.Max(first.Value, mapping.PageOffset.Value);
            ulong to = Math.Min(first.Value + count.Value, mapping.PageOffset.Value + mapping.Range.Length.WholePages.Value);
            if (from < to)
                UnmapObjectPages(mapping, new AddressRange(AddressOf(mapping, from), AddressOf(mapping, to)), onlySole: false);
        }
    }

    /// <summary>MADV_PAGEOUT without swap: private pages stay; those of an object that nothing else maps lose their leaves here, and stay in the object.</summary>
    private void AdvisePageOut(MappingHandle handle, AddressRange part)
    {
        ForgetUse(part, PageTableEntry.AccessedBit);
        if (_mappings.FileOf(handle) is not null)
            UnmapObjectPages(_mappings[handle], part, onlySole: true);
    }

    private void UnmapObjectPages(in Mapping mapping, AddressRange range, bool onlySole)
    {
        const uint ObjectAndLeaf = 2;
        for (VirtualAddress at = range.Start; _tables.TryFindLive(new AddressRange(at, range.End), out VirtualAddress found);)
        {
            at = found + PageSize.Length;
            PageTableEntry leaf = _tables.Walk(found).Entry;
            if (!leaf.IsMapped || !mapping.File!.Object.TryGetResidentPage(mapping.PageOffsetAt(found).Value, out FrameNumber frame))
                continue;
            Memory.Release(frame); // the object still holds it
            if (leaf.Frame == frame && (!onlySole || Memory.References(frame) == ObjectAndLeaf))
                _unmapper.ZapDropped(new AddressRange(found, at));
        }
    }

    private static VirtualAddress AddressOf(in Mapping mapping, ulong page) =>
        mapping.Start + ByteLength.FromPages(new PageCount(page - mapping.PageOffset.Value));

    /// <summary>Clears bits that processors set, of the leaves that lie wholly in a range once large ones were split, and flushes, so that they are set again.</summary>
    private void ForgetUse(AddressRange range, ulong bits)
    {
        SplitOwnLeafAt(range.Start);
        SplitOwnLeafAt(range.End);
        bool changes = false;
        var cursor = new PageTableCursor(_tables, range);
        while (cursor.MoveToNextLeaf())
        {
            ref PageTableEntry entry = ref cursor.Entry;
            if (!entry.IsMapped || !cursor.IsWhole || !entry.HasAny(bits))
                continue;
            entry = entry.Without(bits);
            changes = true;
        }

        if (changes)
            _processors.Flush(range);
    }

    /// <summary>Splits a large leaf that reaches over an address if nothing else refers to its page, as Linux does then; if there is memory, as all stays right without. Linux takes
    /// the large page itself apart here, and what is zero of it becomes the page of zeroes (checked on Linux 6.18).</summary>
    private void SplitOwnLeafAt(VirtualAddress address)
    {
        if (address >= Geometry.UserLimit || address.IsAligned(Geometry.Span(PageTableLevel.Pmd)))
            return;
        PageTableWalk walk = _tables.Walk(address);
        if (walk.Level > PageTableLevel.Pte && walk.IsMapped && _pages.IsOnlyReference(walk) && _tables.TrySplitAt(address))
            ShareZeroesLocked(_pages.LargeBlock(address));
    }
}
