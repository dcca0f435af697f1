using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// For a space that follows another one, a process's: what the other has got without a call that could be repeated here.
public sealed partial class AddressSpace
{
    /// <summary>Puts a mapping where nothing is mapped, exactly as given: it is merged with nothing.</summary>
    /// <param name="range">Where; some whole pages.</param>
    /// <param name="flags">All its flags.</param>
    /// <param name="file">What it shows, or null.</param>
    /// <param name="pageOffset">The place in the file of the first page; null for anonymous memory that was made where it is.</param>
    /// <param name="anon">The identity of its private pages.</param>
    /// <exception cref="ArgumentException"><paramref name="file"/> is of another <see cref="Physical.PhysicalMemory"/> than this space.</exception>
    internal void AdoptMapping(AddressRange range, VmFlags flags, OpenFile? file, PageCount? pageOffset, AnonIdentity anon = default)
    {
        file?.ThrowIfNotOn(Memory);
        using MappingLock.ExclusiveScope scope = EnterCall();
        _accounts.Add(flags, range.Length.WholePages);
        file?.Object.AddMapper(this);
        _mappings.Insert(new Mapping(range, flags, file, pageOffset ?? (range.Start - VirtualAddress.Zero).WholePages, anon));
    }

    /// <summary>Takes what is mapped in a range away, sealed or not.</summary>
    /// <param name="range">Whole pages.</param>
    internal void AdoptHole(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        _unmapper.Forget(range);
    }

    /// <summary>Gives all mappings of a range an access, whether they allow it or not. From then on they do.</summary>
    /// <param name="range">Whole pages.</param>
    /// <param name="protection">The access.</param>
    internal void AdoptAccess(AddressRange range, Protection protection)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        VmFlags access = FlagsFor((ulong)protection);
        var allowed = (VmFlags)((uint)(access & VmFlags.AccessMask) << 4);
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            Mapping mapping = _mappings[handle];
            AddressRange part = mapping.Range.Intersect(range);
            VmFlags flags = (mapping.Flags & ~(VmFlags.AccessMask | VmFlags.ExecuteOnly)) | access | allowed;
            if (!_unmapper.TrySplitLeavesAtEnds(part) || !_mappings.TryModify(handle, part, flags, int.MaxValue, out _))
                return;
            _accounts.Remove(mapping.Flags, part.Length.WholePages);
            _accounts.Add(flags, part.Length.WholePages);
            if (ProtectLeaves(part, flags, !mapping.Anon.IsNone))
                _processors.Flush(part);
        }
    }

    // for each mapping of the range; a hole in it is passed over                 result
    // none                                                                         EINVAL
    // droppable, special, or of another object than memory                         EINVAL
    // can't be made writable                                                       EPERM
    // then mapping by mapping: must be split and the map count is at its limit     ENOMEM
    /// <summary>Registers a range with the process's userfaultfd for missing pages (UFFDIO_REGISTER): from then on nobody brings them in (see <see cref="FaultHandler"/>).</summary>
    /// <param name="range">Whole pages.</param>
    internal Errno WatchMissing(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        Errno error = Errno.InvalidArgument;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            error = CheckWatchable(handle);
            if (error != Errno.None)
                return error;
        }

        for (VirtualAddress at = range.Start; at < range.End && error == Errno.None;)
        {
            MappingHandle handle = _mappings.FindFirstEndingAbove(at);
            if (handle.IsNone || _mappings.RangeOf(handle).Intersect(new AddressRange(at, range.End)) is not { IsEmpty: false } part)
                break;
            error = Modify(handle, part, _mappings.FlagsOf(handle) | VmFlags.UserFault);
            at = part.End;
        }

        _state.HasUnserved |= error == Errno.None;
        return error;
    }

    private Errno CheckWatchable(MappingHandle handle)
    {
        VmFlags flags = _mappings.FlagsOf(handle);
        bool isMemory = _mappings.FileOf(handle) is not { } file || file.Object.Kind is MemoryObjectKind.Memory or MemoryObjectKind.SharedAnonymous || IsAnonymousPrivate(handle);
        if (!isMemory || flags.Has(VmFlags.Special) || flags.Has(VmFlags.Droppable))
            return Errno.InvalidArgument;
        return flags.Has(VmFlags.MayWrite) ? Errno.None : Errno.OperationNotPermitted;
    }

    /// <summary>Splits the mapping that has <paramref name="address"/> inside. False when none has.</summary>
    internal bool TryAdoptSplit(VirtualAddress address)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        MappingHandle handle = _mappings.Find(address);
        return handle.Exists && _mappings.RangeOf(handle).Start < address && _unmapper.TrySplit(handle, address, out _);
    }

    /// <summary>Makes one mapping of the two that meet at <paramref name="address"/>. False when none meet there, or when they differ in more than their identity, in how their
    /// file was opened, and in their charge: mprotect keeps that where something was written, which may not have been seen.</summary>
    internal bool TryAdoptMerge(VirtualAddress address)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        MappingHandle right = _mappings.Find(address);
        MappingHandle left = right.Exists ? _mappings.Previous(right) : MappingHandle.None;
        if (left.IsNone)
            return false;
        Mapping lower = _mappings[left];
        Mapping upper = _mappings[right];
        bool isOne = lower.End == upper.Start
            && upper.Start == address
            && ((lower.Flags ^ upper.Flags) & ~(VmFlags.MayHaveGuards | VmFlags.Account)) == VmFlags.None
            && lower.File?.Object == upper.File?.Object
            && (lower.File is null || lower.PageOffsetAt(lower.End) == upper.PageOffset);
        if (!isOne)
            return false;
        _mappings.Remove(right);
        _mappings.SetEnd(left, upper.End);
        _mappings.SetFlags(left, lower.Flags | upper.Flags);
        if (lower.Anon.IsNone)
            _mappings.SetAnon(left, upper.Anon);
        return true;
    }

    /// <summary>Lets the mapping that grows down and covers <paramref name="inside"/> begin at <paramref name="start"/>, as after faults below it. False when there is no such
    /// mapping, or no room.</summary>
    internal bool TryAdoptGrowth(VirtualAddress inside, VirtualAddress start)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        MappingHandle handle = _mappings.Find(inside);
        if (handle.IsNone || !_mappings.FlagsOf(handle).Has(VmFlags.GrowsDown))
            return false;
        VirtualAddress end = _mappings.RangeOf(handle).Start;
        if (start >= end || _mappings.AnyOverlaps(new AddressRange(start, end)))
            return false;
        _state.EnsureAnon(handle);
        _accounts.Add(_mappings.FlagsOf(handle), (end - start).WholePages);
        _mappings.SetStart(handle, start);
        return true;
    }

    /// <summary>Gives the mapping at <paramref name="address"/>, if there is one, the identity that it gets with its first private page, and that decides what it merges with (Linux:
    /// its anon_vma). For what is known of a process whose faults were not seen. Thread-safe.</summary>
    internal void MarkPrivate(VirtualAddress address)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        MappingHandle handle = _mappings.Find(address);
        if (handle.Exists)
            _state.EnsureAnon(handle);
    }

    /// <summary>Tells where the heap begins and where the break stands.</summary>
    internal void AdoptBreak(VirtualAddress start, VirtualAddress end)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        BreakStart = start;
        _breakOffset = (end - start).Value;
    }
}
