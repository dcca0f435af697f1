using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>Takes mappings and pages away.</summary>
/// <remarks>Under the mapping lock, exclusively.</remarks>
internal sealed class Unmapper(SpaceState state)
{
    private readonly MappingTree _mappings = state.Mappings;
    private readonly PageTableTree _tables = state.Tables;
    private readonly LinuxTables _linuxTables = state.LinuxTables;
    private readonly SpaceProcessors _processors = state.Processors;
    private readonly PageAccounts _accounts = state.Accounts;
    private readonly int _maximumMapCount = state.Options.MaximumMapCount;

    /// <summary>Takes the mappings and pages of a range, some whole pages of user space, away. <paramref name="worked"/> is true when there were entries or
    /// tables, which costs Linux a flush.</summary>
    internal Errno TryUnmap(AddressRange range, out bool worked)
    {
        MappingHandle first = _mappings.FindFirstEndingAbove(range.Start);
        if (first.Exists && _mappings.RangeOf(first) is var mapped && mapped.Contains(range) && mapped != range)
            return TryCutOut(first, range, out worked);
        worked = false;
        Errno error = Prepare(range, first, out ReplacedMappings replaced);
        if (error == Errno.None)
            worked = Complete(range, replaced);
        return error;
    }

    /// <summary>Unmaps a part of one mapping: the same as splitting it off and taking it out, in one step.</summary>
    private Errno TryCutOut(MappingHandle handle, AddressRange range, out bool worked)
    {
        worked = false;
        AddressRange mapped = _mappings.RangeOf(handle);
        VmFlags flags = _mappings.FlagsOf(handle);
        bool isHole = mapped.Start < range.Start && range.End < mapped.End;
        if (isHole && _mappings.Count >= _maximumMapCount)
            return Errno.OutOfMemory;
        if (flags.Has(VmFlags.Sealed))
            return Errno.OperationNotPermitted;
        if (flags.Has(VmFlags.Special))
            return Errno.InvalidArgument;
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
        VirtualAddress floor = mapped.Start < range.Start ? range.Start : _mappings.EndBelow(handle);
        VirtualAddress ceiling = range.End < mapped.End ? range.End : _mappings.StartAbove(handle);
        worked = ZapUnmapped(range, floor, ceiling);
        return Errno.None;
    }

    /// <summary>The part of unmapping that can fail: checks, and splits what reaches over the range's ends. Nothing that is mapped changes.</summary>
    internal Errno Prepare(AddressRange range, out ReplacedMappings replaced) =>
        Prepare(range, _mappings.FindFirstEndingAbove(range.Start), out replaced);

    /// <summary>The same, where the lowest mapping that ends above the range's start is known.</summary>
    internal Errno Prepare(AddressRange range, MappingHandle first, out ReplacedMappings replaced)
    {
        replaced = default;
        if (first.IsNone || _mappings.RangeOf(first) is var lowest && lowest.Start >= range.End)
            return Errno.None;
        if (lowest.Start < range.Start)
        {
            if (lowest.End > range.End && _mappings.Count >= _maximumMapCount)
                return Errno.OutOfMemory;
            if (_mappings.FlagsOf(first).Has(VmFlags.Sealed))
                return Errno.OperationNotPermitted;
            if (_mappings.FlagsOf(first).Has(VmFlags.Special))
                return Errno.InvalidArgument;
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

        if (_mappings.RangeOf(last).End <= range.End)
            return Errno.None;
        if (_mappings.FlagsOf(last).Has(VmFlags.Special))
            return Errno.InvalidArgument;
        return TrySplit(last, range.End, out _) ? Errno.None : Errno.OutOfMemory;
    }

    /// <summary>Splits a mapping, and the large leaf that reaches over the place. False when memory is out; nothing has changed then.</summary>
    internal bool TrySplit(MappingHandle handle, VirtualAddress address, out MappingHandle upper)
    {
        bool isSplit = _tables.TrySplitAt(address);
        upper = isSplit ? _mappings.Split(handle, address) : MappingHandle.None;
        return isSplit;
    }

    /// <summary>Takes away what was prepared: found, and split off. Cannot fail.</summary>
    internal bool Complete(AddressRange range, in ReplacedMappings replaced)
    {
        if (replaced.First.IsNone)
            return false; // no entry is where no mapping is
        MappingHandle above = RemoveMappings(range, replaced.First);
        return ZapUnmapped(range, _mappings.EndBelowOrLast(above), _mappings.StartOf(above));
    }

    /// <summary>Takes the mappings and pages of a range away, sealed ones too and whatever the number of mappings: another space, which this one follows, has none there.</summary>
    internal void Forget(AddressRange range)
    {
        if (!SplitOff(range.Start) || !SplitOff(range.End))
            return; // no memory, which whoever follows looks at after each call
        MappingHandle first = _mappings.FindFirstEndingAbove(range.Start);
        if (first.Exists && _mappings.RangeOf(first).Start < range.End)
            _ = Complete(range, new ReplacedMappings { First = first });
    }

    private bool SplitOff(VirtualAddress address)
    {
        MappingHandle handle = _mappings.Find(address);
        return handle.IsNone || _mappings.RangeOf(handle).Start == address || TrySplit(handle, address, out _);
    }

    /// <summary>Takes the mappings from <paramref name="first"/> to the end of <paramref name="range"/> out. Returns the one above, or none.</summary>
    internal MappingHandle RemoveMappings(AddressRange range, MappingHandle first)
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

    /// <summary>Splits the large leaves that reach over an end of <paramref name="range"/>. False when memory is out; no translation has changed.</summary>
    internal bool TrySplitLeavesAtEnds(AddressRange range) => _tables.TrySplitAt(range.Start) && _tables.TrySplitAt(range.End);

    /// <summary>Takes the pages of a range away whose mappings go, and flushes. <paramref name="floor"/> and <paramref name="ceiling"/> are the end of the mapping that stays below
    /// and the start of the one that stays above (or 0 and <see cref="MappingTree.NoCeiling"/>): Linux keeps the tables that reach beyond them. The ends must be split
    /// (<see cref="TrySplitLeavesAtEnds"/>). Returns true when anything was there, an entry or a table, which costs Linux a flush.</summary>
    private bool ZapUnmapped(AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        ZapCount count = _tables.Zap(range, keepGuards: false);
        if (count.Entries != 0)
            _processors.Flush(range);
        return count.DidWork | _linuxTables.Unmapped(range, floor, ceiling, _tables.Freed);
    }

    /// <summary>Takes the pages of a range away whose mappings stay (MADV_DONTNEED), and flushes. Guard pages survive.</summary>
    internal void ZapDropped(AddressRange range)
    {
        ZapMapped(range);
        _linuxTables.Dropped(range, _tables.Freed);
    }

    /// <summary>Takes the pages of a range away whose mappings stay while their object ends earlier, and flushes. Guard pages survive.</summary>
    internal void ZapTruncated(AddressRange range)
    {
        ZapMapped(range);
        _linuxTables.Emptied(_tables.Freed);
    }

    /// <summary>Takes the pages of a range away that were reclaimed, and flushes: Linux keeps all tables, and those of large pages, which it takes apart first.</summary>
    /// <returns>False when memory for that is out.</returns>
    internal bool TryZapReclaimed(AddressRange range)
    {
        ByteLength span = state.Options.Geometry.Span(PageTableLevel.Pmd);
        for (VirtualAddress block = range.Start.AlignDown(span); block < range.End; block += span)
        {
            if (!_tables.TrySplitAt(block + PageSize.Length))
                return false;
        }

        ZapMapped(range, notesWhole: true);
        _linuxTables.Emptied(_tables.Freed);
        return true;
    }

    private void ZapMapped(AddressRange range, bool notesWhole = false)
    {
        if (_tables.Zap(range, keepGuards: true, notesWhole).Entries != 0)
            _processors.Flush(range);
    }
}

/// <summary>The mappings that are to go, whole ones once they are split off.</summary>
internal struct ReplacedMappings
{
    /// <summary>The lowest; none when there is none.</summary>
    internal MappingHandle First;

    /// <summary>Their pages.</summary>
    internal ulong Pages;

    /// <summary>Those of the pages that are charged against the commit limit.</summary>
    internal ulong ChargedPages;
}
