using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>Resizes and moves mappings (mremap), once the arguments of the call are checked.</summary>
/// <remarks>Under the mapping lock, exclusively.</remarks>
internal sealed class Remapper(SpaceState state, Unmapper unmapper, Populator populator, TableMoves moves)
{
    /// <summary>Linux keeps room for the splits of a move's own unmapping.</summary>
    internal const int MapCountReserve = 3;

    private readonly SpaceState _state = state;
    private readonly MappingTree _mappings = state.Mappings;
    private readonly LinuxTables _linuxTables = state.LinuxTables;
    private readonly PageAccounts _accounts = state.Accounts;
    private readonly PagingGeometry _geometry = state.Options.Geometry;
    private readonly Placement _placement = state.Options.Placement;
    private readonly KernelProfile _kernel = state.Options.Kernel;
    private readonly int _maximumMapCount = state.Options.MaximumMapCount;
    private readonly Unmapper _unmapper = unmapper;
    private readonly Populator _populator = populator;
    private readonly TableMoves _moves = moves;

    /// <summary>Moves all mappings of a range, keeping the gaps between them. A failure leaves the earlier ones moved.</summary>
    internal CallResult MoveEach(in RemapRequest whole)
    {
        ulong end = unchecked(whole.Old + whole.OldLength);
        bool first = true;
        for (ulong at = whole.Old; at < end;)
        {
            MappingHandle handle = _mappings.FindFirstEndingAbove(new VirtualAddress(at));
            if (handle.IsNone || _mappings.RangeOf(handle) is var mapped && mapped.Start.Value >= end)
                break;
            mapped = _mappings.RangeOf(handle);
            ulong from = Math.Max(mapped.Start.Value, at);
            if (first && from > whole.Old)
                return Errno.BadAddress;
            ulong length = Math.Min(end, mapped.End.Value) - from;
            if (IsRefusedAmongSeveral(handle) && (!first || mapped.End.Value < end))
                return Errno.BadAddress;
            CallResult moved = RemapOne(handle, whole with { Old = from, OldLength = length, NewLength = length, New = whole.New + (from - whole.Old) });
            if (moved.IsError)
                return moved;
            first = false;
            at = from + length;
        }

        return first ? Errno.BadAddress : new VirtualAddress(whole.New);
    }

    // in this order, for the one mapping at the address               result
    // none                                                            EFAULT
    // sealed                                                          EPERM
    // (no longer, and nothing to move: enough)
    // old length 0 of a private mapping                               EINVAL
    // DONTUNMAP of a mapping that must not grow                       EINVAL
    // what is to stay or move reaches beyond the mapping              EFAULT
    // (equal lengths: enough)
    // the place in the object would overflow                          EINVAL
    // grows, and must not                                             EFAULT
    // grows beyond RLIMIT_MEMLOCK                                     EAGAIN
    // grows beyond RLIMIT_AS or RLIMIT_DATA                           ENOMEM
    internal CallResult RemapOne(MappingHandle handle, in RemapRequest remap)
    {
        if (handle.IsNone)
            return Errno.BadAddress;
        Mapping mapping = _mappings[handle];
        if (mapping.Flags.Has(VmFlags.Sealed))
            return Errno.OperationNotPermitted;
        if (remap.NamesDestination || remap.NewLength > remap.OldLength)
        {
            Errno error = CheckRemap(mapping, remap);
            if (error != Errno.None)
                return error;
        }

        if (remap.NamesDestination)
            return RemapTo(handle, remap);
        if (remap.NewLength < remap.OldLength)
            return Shrink(remap, out _) is var failed && failed != Errno.None ? failed : new VirtualAddress(remap.Old);
        return remap.NewLength == remap.OldLength ? new VirtualAddress(remap.Old) : Grow(handle, mapping, remap);
    }

    private Errno CheckRemap(in Mapping mapping, in RemapRequest remap)
    {
        if (remap.OldLength == 0 && !mapping.Flags.Has(VmFlags.Shared | VmFlags.MayShare))
            return Errno.InvalidArgument;
        if (remap.Flags.Has(RemapFlags.DontUnmap) && (mapping.Flags.Has(VmFlags.DontExpand) || (!_kernel.LeavesSharedMapped && mapping.File is not null)))
            return Errno.InvalidArgument;
        if (Math.Min(remap.OldLength, remap.NewLength) > mapping.End.Value - remap.Old)
            return Errno.BadAddress;
        if (remap.NewLength <= remap.OldLength)
            return Errno.None;
        ulong pageOffset = mapping.PageOffsetAt(new VirtualAddress(remap.Old)).Value;
        if (pageOffset + (remap.NewLength >> PageSize.Shift) < pageOffset)
            return Errno.InvalidArgument;
        if (mapping.Flags.Has(VmFlags.DontExpand))
            return Errno.BadAddress;
        var growth = new PageCount((remap.NewLength - remap.OldLength) >> PageSize.Shift);
        Errno error = _accounts.CheckLocked(growth, mapping.Flags);
        return error != Errno.None ? error : _accounts.CheckMayExpand(growth, mapping.Flags);
    }

    private Errno Shrink(in RemapRequest remap, out bool worked)
    {
        worked = false;
        // The tail may reach over other mappings and holes, but as for munmap not beyond user space.
        ulong limit = _state.Layout.Limit.Value;
        ulong tail = remap.Old + remap.NewLength;
        if (tail > limit || remap.OldLength - remap.NewLength > limit - tail)
            return Errno.InvalidArgument;
        return _unmapper.TryUnmap(remap.RangeFrom(remap.NewLength, remap.OldLength), out worked);
    }

    private CallResult Grow(MappingHandle handle, in Mapping mapping, in RemapRequest remap)
    {
        var growth = new ByteLength(remap.NewLength - remap.OldLength);
        VirtualAddress end = mapping.End;
        if (remap.Old + remap.OldLength == end.Value && growth.Value <= _state.Layout.Limit.Value - end.Value && !_mappings.AnyOverlaps(new AddressRange(end, growth)))
        {
            if (mapping.Flags.Has(VmFlags.Account) && _accounts.CheckCommit(growth.WholePages) != Errno.None)
                return Errno.OutOfMemory;
            _accounts.Add(mapping.Flags, growth.WholePages);
            _mappings.ExtendMerging(handle, end + growth);
            _populator.PopulateIfLocked(mapping.Flags, new AddressRange(end, growth));
            return new VirtualAddress(remap.Old);
        }

        if (!remap.Flags.Has(RemapFlags.MayMove))
            return Errno.OutOfMemory;
        return ChooseDestination(mapping, remap with { New = 0 }) is { } chosen
            ? Move(handle, remap with { New = chosen.Value }, unmapFlushes: 0)
            : Errno.OutOfMemory;
    }

    /// <summary>Moves one mapping to where the caller said: with FIXED what is there goes first, whatever happens afterwards.</summary>
    private CallResult RemapTo(MappingHandle handle, RemapRequest remap)
    {
        int unmapFlushes = 0;
        if (remap.Flags.Has(RemapFlags.Fixed))
        {
            Errno error = _unmapper.TryUnmap(new AddressRange(new VirtualAddress(remap.New), new ByteLength(remap.NewLength)), out bool worked);
            if (error != Errno.None)
                return error;
            unmapFlushes += worked ? 1 : 0;
            handle = FindAgain(handle, remap.Old);
            if (handle.IsNone)
                return Errno.BadAddress;
        }

        if (remap.NewLength < remap.OldLength)
        {
            Errno error = Shrink(remap, out bool worked);
            if (error != Errno.None)
                return error;
            unmapFlushes += worked ? 1 : 0;
            remap.ShrunkBy = remap.OldLength - remap.NewLength;
            remap.OldLength = remap.NewLength;
            handle = FindAgain(handle, remap.Old);
        }

        if (remap.Flags.Has(RemapFlags.DontUnmap))
        {
            Errno error = _accounts.CheckMayExpand(new PageCount(remap.NewLength >> PageSize.Shift), _mappings.FlagsOf(handle));
            if (error != Errno.None)
                return error;
        }

        if (!remap.Flags.Has(RemapFlags.Fixed))
        {
            if (ChooseDestination(_mappings[handle], remap) is not { } chosen)
                return Errno.OutOfMemory;
            remap.New = chosen.Value;
        }

        return _state.CheckLowAddress(new VirtualAddress(remap.New)) is var low && low != Errno.None ? low : Move(handle, remap, unmapFlushes);
    }

    /// <summary>The mapping that covers <paramref name="address"/> after mappings have gone, been split or merged; it was <paramref name="handle"/>'s, and mostly still is.</summary>
    private MappingHandle FindAgain(MappingHandle handle, ulong address) =>
        _mappings.Contains(handle) && _mappings.RangeOf(handle).Contains(new VirtualAddress(address)) ? handle : _mappings.Find(new VirtualAddress(address));

    /// <summary>Makes the new mapping, moves the entries, and takes the old mapping away, or with DONTUNMAP leaves it without its pages.</summary>
    private CallResult Move(MappingHandle old, in RemapRequest remap, int unmapFlushes)
    {
        if (_mappings.Count >= _maximumMapCount - MapCountReserve)
            return Errno.OutOfMemory;
        Mapping mapping = _mappings[old];
        if (mapping.Flags.Has(VmFlags.Special) && mapping.Range != remap.RangeFrom(0, remap.OldLength))
            return Errno.InvalidArgument; // it can't be split
        bool keeps = remap.Flags.Has(RemapFlags.DontUnmap);
        ulong charge = keeps ? remap.NewLength : remap.NewLength - remap.OldLength + (_kernel.ChargesShrinking ? remap.ShrunkBy : 0);
        if (mapping.Flags.Has(VmFlags.Account) && _accounts.CheckCommit(new PageCount(charge >> PageSize.Shift)) != Errno.None)
            return Errno.OutOfMemory;

        var destination = new AddressRange(new VirtualAddress(remap.New), new ByteLength(remap.NewLength));
        AddressRange source = remap.RangeFrom(0, remap.OldLength);
        Mapping moved = MovedCopy(mapping, remap, destination);
        if (!keeps && mapping.Range == source && source.Length == destination.Length && StaysBetweenNeighbours(old, moved))
            return Shift(old, source, moved, unmapFlushes);
        MappingHandle made = _state.InsertMapping(moved);
        if (remap.OldLength == 0)
        {
            Unregister(made);
            return FinishMove(mapping.Flags, remap, destination);
        }

        old = FindAgain(old, remap.Old); // the new mapping may have merged with the old
        MoveRequest request = _moves.Surround(old, source, made, destination, sourceGoes: !keeps, unmapFlushes);
        if (!_moves.TryMove(request))
        {
            _unmapper.TryUnmap(destination, out _); // nothing has moved, so nothing is there: this can't fail
            return Errno.OutOfMemory;
        }

        Unregister(made);
        if (keeps)
        {
            LeaveWithoutPages(old, source);
        }
        else
        {
            UnmapMovedSource(old, source);
            _linuxTables.Unmapped(source, request.SourceFloor, request.SourceCeiling);
        }

        return FinishMove(mapping.Flags, remap, destination);
    }

    /// <summary>True when a whole mapping moves to where its neighbours stay the same and none of them, nor the mapping itself, merges with it there.</summary>
    private bool StaysBetweenNeighbours(MappingHandle old, in Mapping moved)
    {
        AddressRange around = _mappings.FreeAround(old, MappingTree.NoCeiling);
        if (moved.Start <= around.Start || moved.End >= around.End)
            return false;
        Mapping left = _mappings[old];
        return !MergeRules.CanMerge(moved, left) && !MergeRules.CanMerge(left, moved);
    }

    /// <summary>Moves a whole mapping between its neighbours. The same as making the new mapping, moving the entries and taking the old one away, in one step.</summary>
    private CallResult Shift(MappingHandle handle, AddressRange source, in Mapping moved, int unmapFlushes)
    {
        AddressRange around = _mappings.FreeAround(handle, MappingTree.NoCeiling);
        bool goesDown = moved.Start < source.Start;
        var request = new MoveRequest(source.Start, moved.Start, source.Length)
        {
            SourceGoes = true,
            KeepsTables = _moves.KeepsTablesOf(moved.Flags),
            UnmapFlushes = unmapFlushes,
            SourceStartsMapping = true,
            DestinationStartsMapping = true,
            SourcePredecessorEnd = goesDown ? moved.End : around.Start,
            DestinationPredecessorEnd = goesDown ? around.Start : source.End,
            SourceFloor = goesDown ? moved.End : around.Start,
            SourceCeiling = goesDown ? around.End : moved.Start,
            SourceClearance = around,
            DestinationClearance = around,
        };
        if (!_moves.TryMove(request))
            return Errno.OutOfMemory;
        _mappings.SetRange(handle, moved.Range, moved.PageOffset);
        Unregister(handle);
        _linuxTables.Unmapped(source, request.SourceFloor, request.SourceCeiling);
        return moved.Start;
    }

    /// <summary>What has moved is no longer registered with a userfaultfd, as that does not follow moves (UFFD_FEATURE_EVENT_REMAP). The same goes for all that it has merged with: it
    /// was registered too.</summary>
    private void Unregister(MappingHandle moved) => _mappings.SetFlags(moved, _mappings.FlagsOf(moved) & ~VmFlags.UserFault);

    private VirtualAddress FinishMove(VmFlags flags, in RemapRequest remap, AddressRange destination)
    {
        if (remap.NewLength > remap.OldLength)
            _populator.PopulateIfLocked(flags, new AddressRange(destination.Start + new ByteLength(remap.OldLength), destination.End));
        return destination.Start;
    }

    /// <summary>The mapping as it will be at the destination. One that never had a private page begins anew there, as if it had been made there.</summary>
    private static Mapping MovedCopy(in Mapping mapping, in RemapRequest remap, AddressRange destination)
    {
        bool startsAnew = mapping.Anon.IsNone && mapping.File is null or { Object.Kind: MemoryObjectKind.ZeroDevice };
        return mapping with
        {
            Range = destination,
            PageOffset = startsAnew ? new PageCount(remap.New >> PageSize.Shift) : mapping.PageOffsetAt(new VirtualAddress(remap.Old)),
        };
    }

    /// <summary>Unmaps the source of a move, in which no entry is left.</summary>
    private void UnmapMovedSource(MappingHandle old, AddressRange source)
    {
        if (_mappings.RangeOf(old) == source)
        {
            _accounts.Remove(_mappings.FlagsOf(old), source.Length.WholePages);
            _mappings.Remove(old);
            return;
        }

        Errno error = _unmapper.Prepare(source, old, out ReplacedMappings replaced);
        if (error != Errno.None)
            throw new InvalidOperationException($"The source of a move could not be unmapped after its entries had moved: {error}.");
        _unmapper.RemoveMappings(source, replaced.First);
    }

    /// <summary>The source after DONTUNMAP: the whole old mapping is no longer locked (but still counted, as in Linux), and forgets its identity when all of it moved.</summary>
    private void LeaveWithoutPages(MappingHandle old, AddressRange source)
    {
        _mappings.SetFlags(old, _mappings.FlagsOf(old) & ~(VmFlags.Locked | VmFlags.LockOnFault));
        if (_mappings.RangeOf(old) == source)
            _mappings.SetAnon(old, AnonIdentity.None);
    }

    /// <summary>The destination of a move that leaves it open, or has only a hint: Linux's choice, or a congruent one.</summary>
    private VirtualAddress? ChooseDestination(in Mapping mapping, in RemapRequest remap)
    {
        VirtualAddress? congruent = _placement == Placement.Congruent && remap.New == 0 ? ChooseCongruent(remap) : null;
        return congruent ?? AddressSelection.Choose(_mappings, _state.Layout, RequestFor(mapping, new ByteLength(remap.NewLength), remap));
    }

    /// <summary>The place that a remap to a congruent destination would get; null when there is none.</summary>
    internal VirtualAddress? FindCongruent(VirtualAddress old, ByteLength newLength) => ChooseCongruent(new RemapRequest { Old = old.Value, NewLength = newLength.Value });

    /// <summary>A free destination that is congruent with the source at the highest level that the length makes worthwhile.</summary>
    private VirtualAddress? ChooseCongruent(in RemapRequest remap)
    {
        for (PageTableLevel level = _geometry.HighestUseful(new ByteLength(remap.NewLength)); level > PageTableLevel.Pte; level--)
        {
            // Whole blocks at both ends, so that nothing else will live in them.
            var start = new VirtualAddress(remap.Old).AlignDown(_geometry.Span(level));
            ByteLength lead = new VirtualAddress(remap.Old) - start;
            ByteLength blocks = new VirtualAddress(remap.Old + remap.NewLength).AlignUp(_geometry.Span(level)) - start;
            if (AddressSelection.ChooseCongruent(_mappings, _state.Layout, blocks, start, _geometry.Span(level)) is { } place)
                return place + lead;
        }

        return null;
    }

    private AddressRequest RequestFor(in Mapping mapping, ByteLength length, in RemapRequest remap)
    {
        LargePageAlignment alignment = _state.AlignmentFor(mapping.File, isShared: mapping.Flags.Has(VmFlags.MayShare));
        ulong offset = mapping.PageOffsetAt(new VirtualAddress(remap.Old)).Value << PageSize.Shift;
        return new AddressRequest(length, new VirtualAddress(remap.New), alignment, offset);
    }

    /// <summary>True for what Linux does not move together with other mappings: what is registered with a userfaultfd, and files with an address chooser of their own, which are /dev/zero and
    /// System V shared memory here.</summary>
    private bool IsRefusedAmongSeveral(MappingHandle handle) =>
        _mappings.FlagsOf(handle).Has(VmFlags.UserFault) || _mappings.FileOf(handle) is { CountsMappings: true } or { Object.Kind: MemoryObjectKind.ZeroDevice };

    /// <summary>Shows the move that a remap of one mapping would make if its destination were chosen congruent (<see cref="Placement.Congruent"/>). Changes nothing.</summary>
    /// <param name="old">Where the mapping, or the part of it, begins. A multiple of 4 KiB.</param>
    /// <param name="oldLength">What moves: whole pages of one mapping, at least one.</param>
    /// <param name="newLength">What the destination needs, in whole pages, not less.</param>
    /// <param name="keepsSource">True for MREMAP_DONTUNMAP.</param>
    /// <param name="observer">Sees the move; not called when there is no congruent place, or not one mapping.</param>
    internal void ForecastCongruent(VirtualAddress old, ByteLength oldLength, ByteLength newLength, bool keepsSource, IMoveObserver observer)
    {
        var source = new AddressRange(old, oldLength);
        MappingHandle handle = _mappings.Find(old);
        if (handle.IsNone || source.IsEmpty || !_mappings.RangeOf(handle).Contains(source))
            return;
        Mapping mapping = _mappings[handle];
        var remap = new RemapRequest { Old = old.Value, OldLength = oldLength.Value, NewLength = newLength.Value };
        if (ChooseCongruent(remap) is not { } chosen)
            return;

        // The kernel inserts the new mapping before it moves the entries, and so its rules see it.
        remap.New = chosen.Value;
        Mapping moved = MovedCopy(mapping, remap, new AddressRange(chosen, newLength));
        MappingHandle below = _mappings.FindFirstEndingAbove(chosen) is { Exists: true } above ? _mappings.Previous(above) : _mappings.Last;
        bool merges = below.Exists && MergeRules.CanMerge(_mappings[below], moved);
        MappingHandle made = _mappings.Insert(moved);
        MoveRequest request = _moves.Surround(handle, source, made, moved.Range, sourceGoes: !keepsSource, unmapFlushes: 0);
        if (merges)
            request = request with { DestinationStartsMapping = false, DestinationPredecessorEnd = _mappings.EndBelow(below) };
        _moves.Show(request, observer);
        _mappings.Remove(made);
    }
}
