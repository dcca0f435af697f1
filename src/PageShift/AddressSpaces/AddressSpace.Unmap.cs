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
        using MappingLock.ExclusiveScope scope = EnterCall();
        return UnmapLocked(start.Value, length.Value);
    }

    // in this order    result
    // start unaligned, above the user limit, or length reaches beyond it    EINVAL
    // no page                                                               EINVAL
    // a mapping with more on both sides, at the map-count limit             ENOMEM
    // the lowest mapping sealed                                             EPERM
    // a higher one sealed                                                   EPERM, the lowest is split at the start
    internal CallResult UnmapLocked(ulong start, ulong length)
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
        MappingHandle first = _mappings.FindFirstEndingAbove(range.Start);
        if (first.Exists && _mappings.RangeOf(first) is var mapped && mapped.Contains(range) && mapped != range)
            return TryCutOut(first, range, out worked);
        worked = false;
        Errno error = PrepareUnmap(range, first, out ReplacedMappings replaced);
        if (error == Errno.None)
            worked = CompleteUnmap(range, replaced);
        return error;
    }

    /// <summary>Unmaps a part of one mapping: the same as splitting it off and taking it out, in one step.</summary>
    private Errno TryCutOut(MappingHandle handle, AddressRange range, out bool worked)
    {
        worked = false;
        AddressRange mapped = _mappings.RangeOf(handle);
        VmFlags flags = _mappings.FlagsOf(handle);
        bool isHole = mapped.Start < range.Start && range.End < mapped.End;
        if (isHole && _mappings.Count >= Options.MaximumMapCount)
            return Errno.OutOfMemory;
        if (flags.Has(VmFlags.Sealed))
            return Errno.OperationNotPermitted;
        if (mapped.Start < range.Start && !_tables.TrySplitAt(range.Start))
            return Errno.OutOfMemory;
        if (range.End < mapped.End && !_tables.TrySplitAt(range.End))
        {
            if (isHole)
                _mappings.Split(handle, range.Start);
            return Errno.OutOfMemory;
        }

        _mappings.CutOut(handle, range);
        _accounts.Remove(flags, range.Length.WholePages);
        VirtualAddress floor = mapped.Start < range.Start ? range.Start : EndBelow(handle);
        VirtualAddress ceiling = range.End < mapped.End ? range.End : StartAbove(handle);
        worked = ZapUnmapped(range, floor, ceiling);
        return Errno.None;
    }

    /// <summary>The part of unmapping that can fail: checks, and splits what reaches over the range's ends. Nothing that is mapped changes.</summary>
    private Errno PrepareUnmap(AddressRange range, out ReplacedMappings replaced) =>
        PrepareUnmap(range, _mappings.FindFirstEndingAbove(range.Start), out replaced);

    /// <summary>The same, where the lowest mapping that ends above the range's start is known.</summary>
    private Errno PrepareUnmap(AddressRange range, MappingHandle first, out ReplacedMappings replaced)
    {
        replaced = default;
        if (first.IsNone || _mappings.RangeOf(first) is var lowest && lowest.Start >= range.End)
            return Errno.None;
        if (lowest.Start < range.Start)
        {
            if (lowest.End > range.End && _mappings.Count >= Options.MaximumMapCount)
                return Errno.OutOfMemory;
            if (_mappings.FlagsOf(first).Has(VmFlags.Sealed))
                return Errno.OperationNotPermitted;
            if (!TrySplit(first, range.Start, out first))
                return Errno.OutOfMemory;
        }

        replaced.First = first;
        MappingHandle last = first;
        for (MappingHandle at = first; at.Exists && _mappings.RangeOf(at) is var mapped && mapped.Start < range.End; at = _mappings.Next(at))
        {
            VmFlags flags = _mappings.FlagsOf(at);
            if (flags.Has(VmFlags.Sealed))
                return Errno.OperationNotPermitted;
            ulong pages = mapped.Intersect(range).Length.WholePages.Value;
            replaced.Pages += pages;
            if (flags.Has(VmFlags.Account))
                replaced.ChargedPages += pages;
            last = at;
        }

        return _mappings.RangeOf(last).End > range.End && !TrySplit(last, range.End, out _) ? Errno.OutOfMemory : Errno.None;
    }

    /// <summary>Splits a mapping, and the large leaf that reaches over the place. False when memory is out; nothing has changed then.</summary>
    private bool TrySplit(MappingHandle handle, VirtualAddress address, out MappingHandle upper)
    {
        bool isSplit = _tables.TrySplitAt(address);
        upper = isSplit ? _mappings.Split(handle, address) : MappingHandle.None;
        return isSplit;
    }

    /// <summary>Takes away what was prepared: found, and split off. Cannot fail.</summary>
    private bool CompleteUnmap(AddressRange range, in ReplacedMappings replaced)
    {
        if (replaced.First.IsNone)
            return false; // no entry is where no mapping is
        MappingHandle above = RemoveMappings(range, replaced.First);
        return ZapUnmapped(range, EndOfMappingBelow(above), StartOfMapping(above));
    }

    /// <summary>Takes the mappings from <paramref name="first"/> to the end of <paramref name="range"/> out. Returns the one above, or none.</summary>
    private MappingHandle RemoveMappings(AddressRange range, MappingHandle first)
    {
        MappingHandle at = first;
        while (at.Exists && _mappings.RangeOf(at) is var mapped && mapped.Start < range.End)
        {
            MappingHandle next = _mappings.Next(at);
            _accounts.Remove(_mappings.FlagsOf(at), mapped.Length.WholePages);
            _mappings.Remove(at);
            at = next;
        }

        return at;
    }

    /// <summary>The end of the mapping below <paramref name="above"/>, or of the highest when that is none; 0 when there is none.</summary>
    private VirtualAddress EndOfMappingBelow(MappingHandle above)
    {
        MappingHandle below = above.IsNone ? _mappings.Last : _mappings.Previous(above);
        return below.IsNone ? VirtualAddress.Zero : _mappings.RangeOf(below).End;
    }

    /// <summary>Where a mapping starts; <see cref="NoCeiling"/> for none.</summary>
    private VirtualAddress StartOfMapping(MappingHandle handle) => handle.IsNone ? NoCeiling : _mappings.RangeOf(handle).Start;

    /// <summary>The mappings that are to go, whole ones once they are split off.</summary>
    private struct ReplacedMappings
    {
        /// <summary>The lowest; none when there is none.</summary>
        internal MappingHandle First;

        /// <summary>Their pages.</summary>
        internal ulong Pages;

        /// <summary>Those of the pages that are charged against the commit limit.</summary>
        internal ulong ChargedPages;
    }
}
