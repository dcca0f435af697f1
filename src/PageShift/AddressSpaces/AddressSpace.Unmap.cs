using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;

namespace PageShift;

public sealed partial class AddressSpace
{
    /// <summary>munmap: takes all mappings in a range away, with their pages. Holes in the range are no error.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <returns>0, or EINVAL (unaligned, no page, or beyond the user limit), ENOMEM (a hole in one mapping at the map-count limit; no memory to split a
    /// large leaf), EPERM (a sealed mapping).</returns>
    /// <remarks>Thread-safe. After a failure no page is gone; a mapping may have been split at the range's start, which merges again with nothing.</remarks>
    public CallResult Unmap(VirtualAddress start, ByteLength length)
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        return UnmapLocked(start.Value, length.Value);
    }

    // in this order    result
    // start unaligned, above the user limit, or length reaches beyond it    EINVAL
    // no page                                                               EINVAL
    // a mapping with more on both sides, at the map-count limit             ENOMEM
    // the lowest mapping sealed                                             EPERM
    // a higher one sealed                                                   EPERM, the lowest is split at the start
    private CallResult UnmapLocked(ulong start, ulong length)
    {
        ulong limit = Geometry.UserLimit.Value;
        if (!new VirtualAddress(start).IsPageAligned || start > limit || length > limit - start || length == 0)
            return Errno.InvalidArgument;
        ByteLength rounded = new ByteLength(length).RoundUpToPages()!.Value; // the limit is a multiple of a page
        return TryUnmapRange(new AddressRange(new VirtualAddress(start), rounded), out _);
    }

    /// <summary>Takes the mappings and pages of a range, some whole pages of user space, away. <paramref name="worked"/> is true when there were entries or
    /// tables, which costs Linux a flush.</summary>
    private Errno TryUnmapRange(AddressRange range, out bool worked)
    {
        worked = false;
        Errno error = PrepareUnmap(range, out _);
        if (error == Errno.None)
            worked = CompleteUnmap(range);
        return error;
    }

    /// <summary>The part of unmapping that can fail: checks, and splits what reaches over the range's ends. Nothing that is mapped changes.</summary>
    private Errno PrepareUnmap(AddressRange range, out ReplacedPages replaced)
    {
        replaced = default;
        MappingHandle first = _mappings.FindFirstEndingAbove(range.Start);
        if (first.IsNone || _mappings.RangeOf(first).Start >= range.End)
            return Errno.None;

        AddressRange lowest = _mappings.RangeOf(first);
        bool splitsStart = lowest.Start < range.Start;
        if (splitsStart && lowest.End > range.End && _mappings.Count >= Options.MaximumMapCount)
            return Errno.OutOfMemory;
        if (splitsStart && !_mappings.FlagsOf(first).Has(VmFlags.Sealed) && !TrySplit(first, range.Start))
            return Errno.OutOfMemory;
        MappingHandle last = MappingHandle.None;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            VmFlags flags = _mappings.FlagsOf(handle);
            if (flags.Has(VmFlags.Sealed))
                return Errno.OperationNotPermitted;
            ulong pages = _mappings.RangeOf(handle).Intersect(range).Length.WholePages.Value;
            replaced.All += pages;
            if (flags.Has(VmFlags.Account))
                replaced.Charged += pages;
            last = handle;
        }

        return _mappings.RangeOf(last).End > range.End && !TrySplit(last, range.End) ? Errno.OutOfMemory : Errno.None;
    }

    /// <summary>Splits a mapping, and the large leaf that reaches over the place. False when memory is out; nothing has changed then.</summary>
    private bool TrySplit(MappingHandle handle, VirtualAddress address)
    {
        if (!_tables.TrySplitAt(address))
            return false;
        _mappings.Split(handle, address);
        return true;
    }

    /// <summary>Takes away what <see cref="PrepareUnmap"/> has split off. Cannot fail.</summary>
    private bool CompleteUnmap(AddressRange range)
    {
        MappingHandle above = _mappings.FindFirstEndingAbove(range.Start);
        while (above.Exists && _mappings.RangeOf(above) is var mapped && mapped.Start < range.End)
        {
            MappingHandle next = _mappings.Next(above);
            UnaccountMapped(_mappings.FlagsOf(above), mapped.Length.WholePages);
            _mappings.Remove(above);
            above = next;
        }

        MappingHandle below = above.IsNone ? _mappings.Last : _mappings.Previous(above);
        return ZapUnmapped(
            range,
            below.IsNone ? VirtualAddress.Zero : _mappings.RangeOf(below).End,
            above.IsNone ? NoCeiling : _mappings.RangeOf(above).Start);
    }

    /// <summary>The pages of mappings that a new one replaces.</summary>
    private struct ReplacedPages
    {
        /// <summary>All of them.</summary>
        internal ulong All;

        /// <summary>Those that are charged against the commit limit.</summary>
        internal ulong Charged;
    }
}
