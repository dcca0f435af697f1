using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>Splitting and merging by Linux's rules (<see cref="MergeRules"/>). A merge keeps one of the handles: the
/// lowest mapping's that takes part and was in the tree.</summary>
internal sealed partial class MappingTree
{
    /// <summary>Splits a mapping in two. Both halves keep flags, file and identity; the upper half's page offset is
    /// that of its first page. The handle stays with the lower half. The caller checks the map-count limit.</summary>
    /// <returns>The upper half.</returns>
    /// <exception cref="ArgumentException"><paramref name="address"/> is not a page boundary strictly inside the
    /// mapping.</exception>
    public MappingHandle Split(MappingHandle handle, VirtualAddress address)
    {
        Mapping whole = this[handle];
        if (!address.IsPageAligned || address <= whole.Start || address >= whole.End)
            throw new ArgumentException($"The mapping {whole.Range} cannot be split at {address}.", nameof(address));
        SetEnd(handle, address);
        return Insert(whole with
        {
            Range = new AddressRange(address, whole.End),
            PageOffset = whole.PageOffsetAt(address),
        });
    }

    /// <summary>Takes a part out of a mapping. The handle stays with what is left, with its lower part when that is two.</summary>
    /// <exception cref="ArgumentException"><paramref name="range"/> is not some whole pages of the mapping, or is all of it.</exception>
    public void CutOut(MappingHandle handle, AddressRange range)
    {
        AddressRange mapped = RangeOf(handle);
        ThrowIfUnfit(range);
        if (!mapped.Contains(range) || mapped == range)
            throw new ArgumentException($"The range {range} is not a part of the mapping {mapped}.", nameof(range));
        if (range.Start == mapped.Start)
        {
            SetStart(handle, range.End);
            return;
        }

        if (range.End == mapped.End)
        {
            SetEnd(handle, range.Start);
            return;
        }

        Mapping whole = this[handle];
        int above = NodeOf(handle).Next;
        SetEnd(handle, range.Start);
        InsertBelow(whole with { Range = new AddressRange(range.End, mapped.End), PageOffset = whole.PageOffsetAt(range.End) }, above);
    }

    /// <summary>Adds a mapping as mmap, brk and mremap do: merged with its neighbours where the rules allow.</summary>
    /// <param name="mapping">The new mapping. When it is a moved copy its identity is the source's, and an inherited
    /// one then spreads to no neighbour.</param>
    /// <param name="mayMergeWithNext">False for brk, which only ever extends the mapping below.</param>
    /// <returns>The mapping that now covers the range.</returns>
    /// <exception cref="ArgumentException">The range is empty, not page aligned, or overlaps a mapping.</exception>
    public MappingHandle InsertMerging(in Mapping mapping, bool mayMergeWithNext = true)
    {
        int next = NeighbourAbove(mapping.Range);
        int previous = next == 0 ? _last : _nodes[next].Previous;
        bool left = previous != 0 && EndOf(previous) == mapping.Start && MergeRules.CanMerge(Snapshot(previous), mapping);
        bool right = mayMergeWithNext
            && next != 0
            && _nodes[next].Start == mapping.End
            && MergeRules.CanMerge(mapping, Snapshot(next))
            && (!left || MergeRules.AnonsAgree(AnonOf(previous), AnonOf(next)));
        if (left)
            return Unite(previous, mapping, right && MergeRules.MayTakeAway(mapping.File) ? next : 0);
        return right ? ExtendDown(next, mapping) : InsertBelow(mapping, next);
    }

    /// <summary>Lengthens a mapping in place, as mremap does, and merges it with the neighbour it then touches where
    /// the rules allow.</summary>
    /// <returns>The mapping, with or without the neighbour.</returns>
    /// <exception cref="ArgumentException"><paramref name="end"/> is not a page boundary above the mapping's end, or
    /// the extension overlaps the neighbour.</exception>
    public MappingHandle ExtendMerging(MappingHandle handle, VirtualAddress end)
    {
        Mapping mapping = this[handle];
        if (end <= mapping.End)
            throw new ArgumentException($"The mapping {mapping.Range} is not lengthened by an end of {end}.", nameof(end));
        SetEnd(handle, end);
        int next = NodeOf(handle).Next;
        Mapping extended = this[handle];
        return next != 0 && MergeRules.MayTakeAway(mapping.File) && MergeRules.CanMergeExtended(extended, Snapshot(next))
            ? Unite(handle.Index, extended, next)
            : handle;
    }

    /// <summary>Gives a part of one mapping other flags, as mprotect, madvise and mlock do: merges that part with
    /// its neighbours where the rules allow (which may just move a boundary), else splits it off.</summary>
    /// <param name="handle">The mapping.</param>
    /// <param name="range">The part; some whole pages of the mapping.</param>
    /// <param name="flags">All its flags afterwards. When they are the mapping's already, nothing happens, not even a
    /// merge that has become possible.</param>
    /// <param name="mapCountLimit">The number of mappings from which on no split is made (max_map_count).</param>
    /// <param name="changed">The mapping that now covers the part; none on failure.</param>
    /// <returns>False when a split was needed and <see cref="Count"/> had reached the limit. A part in the middle
    /// needs two; when only the second fails the first remains, without a change of flags.</returns>
    /// <exception cref="ArgumentException"><paramref name="range"/> is not some whole pages of the mapping.</exception>
    public bool TryModify(
        MappingHandle handle, AddressRange range, VmFlags flags, int mapCountLimit, out MappingHandle changed)
    {
        Mapping whole = this[handle];
        ThrowIfUnfit(range);
        if (!whole.Range.Contains(range))
            throw new ArgumentException($"The range {range} is not part of the mapping {whole.Range}.", nameof(range));

        changed = handle;
        if (whole.Flags == flags)
            return true;
        Mapping part = whole with { Range = range, Flags = flags, PageOffset = whole.PageOffsetAt(range.Start) };
        changed = MergePart(handle.Index, part);
        if (changed.Exists)
            return true;
        changed = SplitOff(handle, range, mapCountLimit);
        if (changed.IsNone)
            return false;
        SetFlags(changed, flags);
        return true;
    }

    /// <summary>The identity that a mapping which gets its first private page takes over from a neighbour: from the
    /// next, else the previous, when the two touch, differ in nothing but the access bits, and the identity is not
    /// inherited. May be called under the shared lock.</summary>
    /// <returns>The identity, or none: the mapping then needs a fresh one.</returns>
    public AnonIdentity FindReusableAnon(MappingHandle handle)
    {
        ref MappingNode node = ref NodeOf(handle);
        Mapping mapping = this[handle];
        if (node.Next != 0 && Snapshot(node.Next) is var next && next.Anon is { IsNone: false, Inherited: false }
            && MergeRules.CanShareAnon(mapping, next))
            return next.Anon;
        if (node.Previous != 0 && Snapshot(node.Previous) is var previous && previous.Anon is { IsNone: false, Inherited: false }
            && MergeRules.CanShareAnon(previous, mapping))
            return previous.Anon;
        return AnonIdentity.None;
    }

    // Merges a changed part with the neighbours that it touches:
    //
    //   part is        merges with       effect
    //   the whole      previous, next    previous takes both over
    //   the whole      previous          previous takes the mapping over
    //   the whole      next              next takes the mapping over
    //   its beginning  previous          the boundary between them moves up
    //   its end        next              the boundary between them moves down
    //   its middle     nothing
    //
    // Where no mapping may be taken away (MergeRules.MayTakeAway) only the last three.
    private MappingHandle MergePart(int index, in Mapping part)
    {
        Mapping whole = Snapshot(index);
        int previous = _nodes[index].Previous;
        int next = _nodes[index].Next;
        bool left = previous != 0 && MergeRules.CanMerge(Snapshot(previous), part);
        bool right = next != 0
            && MergeRules.CanMerge(part, Snapshot(next))
            && (!left || MergeRules.AnonsAgree(AnonOf(previous), AnonOf(next)));
        if ((!left && !right) || (part.Range == whole.Range && !MergeRules.MayTakeAway(whole.File)))
            return MappingHandle.None;

        if (part.Range == whole.Range)
            Remove(HandleOf(index));
        else if (left)
            SetStart(HandleOf(index), part.End);
        else
            SetEnd(HandleOf(index), part.Start);
        return left ? Unite(previous, part, right ? next : 0) : ExtendDown(next, part);
    }

    // One mapping out of `first`, `middle` (no node of its own, or `first` again) and `last` (0: none).
    private MappingHandle Unite(int first, in Mapping middle, int last)
    {
        AnonIdentity anon = MergeRules.UnitedAnon(AnonOf(first), middle.Anon, AnonOf(last));
        VmFlags sticky = (middle.Flags | _nodes[last].Flags) & MergeRules.Sticky;
        VirtualAddress end = middle.End;
        if (last != 0)
        {
            end = EndOf(last);
            Remove(HandleOf(last));
        }

        MappingHandle united = HandleOf(first);
        SetEnd(united, end);
        _nodes[first].Flags |= sticky;
        SetAnon(united, anon);
        return united;
    }

    private MappingHandle ExtendDown(int next, in Mapping lower)
    {
        MappingHandle extended = HandleOf(next);
        SetRange(extended, new AddressRange(lower.Start, EndOf(next)), lower.PageOffset);
        _nodes[next].Flags |= lower.Flags & MergeRules.Sticky;
        SetAnon(extended, MergeRules.UnitedAnon(AnonOf(next), lower.Anon));
        return extended;
    }

    private MappingHandle SplitOff(MappingHandle handle, AddressRange part, int mapCountLimit)
    {
        if (part.Start > RangeOf(handle).Start)
        {
            if (Count >= mapCountLimit)
                return MappingHandle.None;
            handle = Split(handle, part.Start);
        }

        if (part.End < RangeOf(handle).End)
        {
            if (Count >= mapCountLimit)
                return MappingHandle.None;
            Split(handle, part.End);
        }

        return handle;
    }
}
