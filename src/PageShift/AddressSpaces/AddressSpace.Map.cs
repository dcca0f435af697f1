using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    // The flags that MAP_SHARED_VALIDATE knows: those older than itself, including the bits that hold the size of MAP_HUGETLB.
    private const ulong LegacyMapFlags = 0x7c07_f9f3;

    private const ulong HighestFileByte = long.MaxValue; // MAX_LFS_FILESIZE
    private const ulong FileOffsetPages = (HighestFileByte >> PageSize.Shift) + 1;
    private const ulong LowestErrorAddress = unchecked((ulong)-4095);

    /// <summary>mmap: makes a mapping.</summary>
    /// <param name="hint">Where it is wished, or with <see cref="MapFlags.Fixed"/> where it must be, a multiple of 4 KiB then; what is there is replaced.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="protection">What may be done with it. Bits other than R, W and X are ignored.</param>
    /// <param name="flags">A type (shared, private, ...) and other flags.</param>
    /// <param name="file">What it shows. Ignored with <see cref="MapFlags.Anonymous"/>.</param>
    /// <param name="offset">The byte of the file at which it begins, a multiple of 4 KiB. With <see cref="MapFlags.Anonymous"/> only that is looked at.</param>
    /// <returns>The address, or EINVAL (arguments), EBADF (no file, or a path only), ENOMEM (no room, a limit, the map count), EPERM (too low, sealed, noexec, may not
    /// lock), EEXIST (<see cref="MapFlags.FixedNoReplace"/>), EAGAIN (RLIMIT_MEMLOCK), EOVERFLOW (past the largest file), EACCES (how the file was opened), ENODEV
    /// (nothing to map), EOPNOTSUPP (a flag that <see cref="MapFlags.SharedValidate"/> refuses).</returns>
    /// <exception cref="ArgumentException"><paramref name="file"/> is of another <see cref="Physical.PhysicalMemory"/> than this space.</exception>
    /// <remarks>Thread-safe. There is no pool of large pages: <see cref="MapFlags.HugeTlb"/> gives ENOMEM, with <see cref="MapFlags.NoReserve"/> too. A failure leaves what was at the
    /// address intact, except that a mapping may have been split there (EPERM), and that it is gone when shared anonymous or large pages can't be had.
    /// Source: mmap(2); docs/linux-rules.md section 1, checked on Linux 6.18.</remarks>
    public CallResult Map(VirtualAddress hint, ByteLength length, Protection protection, MapFlags flags, OpenFile? file = null, ulong offset = 0)
    {
        if ((flags & MapFlags.Anonymous) == 0)
            file?.ThrowIfNotOn(Memory);
        using MappingLock.ExclusiveScope scope = EnterCall();
        return MapLocked(hint.Value, length.Value, (ulong)protection, (ulong)flags, file, offset);
    }

    // in this order                                                          result
    // offset unaligned                                                       EINVAL
    // no anonymous memory: no file, or a path only; HUGETLB                  EBADF; EINVAL
    // anonymous HUGETLB of a size that does not exist                        EINVAL
    // length 0; it wraps when rounded up                                     EINVAL; ENOMEM
    // above the map-count limit                                              ENOMEM
    // the address: see PlaceMapping
    // FIXED_NOREPLACE, and something is there                                EEXIST
    // LOCKED, and may lock nothing; over RLIMIT_MEMLOCK                      EPERM; EAGAIN
    // file and type: see CheckFile, CheckAnonymous
    // what replacing, limits and memory say: see MapRegion
    private CallResult MapLocked(ulong hint, ulong length, ulong protection, ulong flags, OpenFile? file, ulong offset)
    {
        if ((offset & (PageSize.Bytes - 1)) != 0)
            return Errno.InvalidArgument;
        if (Has(flags, MapFlags.Anonymous))
            file = null;
        else if (file is null || file.IsPathOnly)
            return Errno.BadFileDescriptor;
        ulong span = PageSize.Bytes;
        if (Has(flags, MapFlags.HugeTlb) && (file is not null || !TryGetLargeSpan(flags, out span)))
            return Errno.InvalidArgument;
        bool isLarge = span != PageSize.Bytes;
        ulong rounded = unchecked(length + (span - 1)) & ~(span - 1);
        if (length == 0 || (isLarge && rounded == 0))
            return Errno.InvalidArgument;
        if (rounded == 0 || _mappings.Count > Options.MaximumMapCount)
            return Errno.OutOfMemory;

        CallResult place = PlaceMapping(hint, rounded, flags, file, offset, span);
        if (place.IsError)
            return place;
        var range = new AddressRange(place.Address, new ByteLength(rounded));
        if (Has(flags, MapFlags.FixedNoReplace) && _mappings.AnyOverlaps(range))
            return Errno.AlreadyExists;
        var request = new MapRequest(range, flags, file)
        {
            VmFlags = FlagsFor(protection) | FlagsForMap(flags) | _futureLockFlags | MayAccessMask,
            PageOffset = (file is null && !isLarge ? place.Address.Value : offset) >> PageSize.Shift,
            LargeFailure = !isLarge ? Errno.None : (offset & (span - 1)) != 0 ? Errno.InvalidArgument : Errno.OutOfMemory,
        };
        Errno error = Has(flags, MapFlags.Locked) ? _accounts.CheckCanLock() : Errno.None;
        if (error == Errno.None)
            error = _accounts.CheckLocked(range.Length.WholePages, request.VmFlags);
        if (error == Errno.None)
            error = file is null && !isLarge ? CheckAnonymous(ref request) : CheckFile(ref request, file);
        if (error == Errno.None)
            error = MapRegion(request);
        if (error != Errno.None)
            return error;

        if (request.VmFlags.Has(VmFlags.Locked) || (flags & (ulong)(MapFlags.Populate | MapFlags.NonBlock)) == (ulong)MapFlags.Populate)
            _populator.Populate(range, PopulateMode.BestEffort);
        return range.Start;
    }

    // in this order                                       result
    // longer than user space                              ENOMEM
    // FIXED: large pages, and not on one                  EINVAL
    //        in the highest 4095 bytes of all             the address, which reads as an errno; so does the kernel
    //        reaches beyond the user limit                ENOMEM
    //        unaligned                                    EINVAL
    //        below the lowest page, unprivileged          EPERM
    // else:  no free range                                ENOMEM
    private CallResult PlaceMapping(ulong hint, ulong length, ulong flags, OpenFile? file, ulong offset, ulong span)
    {
        ulong limit = UserLimit.Value;
        if (length > limit)
            return Errno.OutOfMemory;
        if (IsFixed(flags))
        {
            if (span != PageSize.Bytes && (hint & (span - 1)) != 0)
                return Errno.InvalidArgument;
            if (hint >= LowestErrorAddress)
                return new CallResult((long)hint);
            if (hint > limit - length)
                return Errno.OutOfMemory;
            if ((hint & (PageSize.Bytes - 1)) != 0)
                return Errno.InvalidArgument;
            return _state.CheckLowAddress(new VirtualAddress(hint)) is var low and not Errno.None ? low : new VirtualAddress(hint);
        }

        var request = new AddressRequest(
            new ByteLength(length),
            AddressSelection.RoundHint(new VirtualAddress(hint), _state.Layout),
            _state.AlignmentFor(file, isShared: Has(flags, MapFlags.Shared)),
            offset,
            Has(flags, MapFlags.Below2GiB));
        return AddressSelection.Choose(_mappings, _state.Layout, request) is { } chosen ? chosen : Errno.OutOfMemory;
    }

    // in this order                                           result
    // reaches past the largest file                           EOVERFLOW
    // SHARED_VALIDATE with a newer flag                       EOPNOTSUPP
    // shared, writable, and not open for writing              EACCES
    // another type than SHARED, SHARED_VALIDATE, PRIVATE      EINVAL
    // not open for reading                                    EACCES
    // executable, and noexec or secret memory                 EPERM
    // nothing to map                                          ENODEV
    // secret memory, and private; over RLIMIT_MEMLOCK         EINVAL; EAGAIN
    // GROWSDOWN                                               EINVAL
    private Errno CheckFile(ref MapRequest request, OpenFile? file)
    {
        // Without a file these are large pages, which Linux takes from a hidden file that everything is allowed with.
        ulong highest = file is { IsUnmappable: true } or { Object.Kind: MemoryObjectKind.ZeroDevice } ? ulong.MaxValue : HighestFileByte; // a directory or a device knows no largest size
        ulong length = request.Range.Length.Value;
        if (length > highest || request.PageOffset > (highest - length) >> PageSize.Shift)
            return Errno.ValueTooLarge;
        bool canWrite = file is null or { CanWrite: true };
        var type = (MapFlags)(request.MapFlags & (ulong)MapFlags.TypeMask);
        if (type is MapFlags.Shared or MapFlags.SharedValidate)
        {
            if (type == MapFlags.SharedValidate && (request.MapFlags & ~LegacyMapFlags) != 0)
                return Errno.NotSupported;
            if (request.VmFlags.Has(VmFlags.Write) && !canWrite)
                return Errno.AccessDenied;
            request.VmFlags |= VmFlags.MayShare;
            if (canWrite)
                request.VmFlags |= VmFlags.Shared;
            else
                request.VmFlags &= ~VmFlags.MayWrite;
        }
        else if (type != MapFlags.Private)
        {
            return Errno.InvalidArgument;
        }

        return CheckOpening(ref request, file);
    }

    private Errno CheckOpening(ref MapRequest request, OpenFile? file)
    {
        bool isSecret = file is { Object.Kind: MemoryObjectKind.SecretMemory };
        if (file is { CanRead: false })
            return Errno.AccessDenied;
        if (isSecret || file is { ForbidsExecution: true })
        {
            if (request.VmFlags.Has(VmFlags.Execute))
                return Errno.OperationNotPermitted;
            request.VmFlags &= ~VmFlags.MayExecute;
        }

        if (file is { IsUnmappable: true })
            return Errno.NoSuchDevice;
        if (isSecret)
        {
            if (!request.VmFlags.Has(VmFlags.MayShare))
                return Errno.InvalidArgument;
            request.VmFlags |= VmFlags.Locked | VmFlags.DontDump;
            if (_accounts.CheckLocked(request.Range.Length.WholePages, request.VmFlags) is not Errno.None and Errno error)
                return error;
        }

        return request.VmFlags.Has(VmFlags.GrowsDown) ? Errno.InvalidArgument : Errno.None;
    }

    // type                        result
    // SHARED                      EINVAL with GROWSDOWN; begins at page 0 of an object of its own
    // DROPPABLE                   EINVAL with LOCKED or GROWSDOWN
    // PRIVATE
    // SHARED_VALIDATE, others     EINVAL
    private Errno CheckAnonymous(ref MapRequest request)
    {
        bool growsDown = request.VmFlags.Has(VmFlags.GrowsDown);
        switch ((MapFlags)(request.MapFlags & (ulong)MapFlags.TypeMask))
        {
            case MapFlags.Shared:
                request.VmFlags |= VmFlags.Shared | VmFlags.MayShare;
                request.PageOffset = 0;
                return growsDown ? Errno.InvalidArgument : Errno.None;
            case MapFlags.Droppable when Options.Kernel.HasDroppable && !growsDown && !Has(request.MapFlags, MapFlags.Locked):
                request.VmFlags |= VmFlags.Droppable | VmFlags.NoReserve | VmFlags.WipeOnFork | VmFlags.DontDump;
                return Errno.None;
            case MapFlags.Private:
                return Errno.None;
            default:
                return Errno.InvalidArgument;
        }
    }

    // in this order                                                  result       what was there
    // PR_SET_MDWE, and it would be writable and executable           EACCES          intact
    // what is replaced can't be split, is sealed                     ENOMEM, EPERM   intact, perhaps split at the ends
    // RLIMIT_AS, RLIMIT_DATA, the commit limit                       ENOMEM          intact, perhaps split
    // an object of shared anonymous memory over the commit limit     ENOMEM          gone
    // large pages: offset not on one, else as there is no pool       EINVAL, ENOMEM  gone
    // an object that only the mappings held that were there          EINVAL          gone
    private Errno MapRegion(in MapRequest request)
    {
        PageCount pages = request.Range.Length.WholePages;
        VmFlags flags = request.VmFlags;
        if (Controls.DeniesExecution(flags, flags))
            return Errno.AccessDenied;
        Errno error = _unmapper.Prepare(request.Range, out ReplacedMappings replaced);
        if (error == Errno.None)
            error = _accounts.CheckMayExpand(pages, flags, new PageCount(replaced.Pages));
        if (error == Errno.None && PageAccounts.IsCharged(flags))
        {
            error = _accounts.CheckCommit(pages - new PageCount(replaced.ChargedPages));
            flags |= VmFlags.Account;
        }

        if (error != Errno.None)
            return error;
        _unmapper.Complete(request.Range, replaced);
        if (request.LargeFailure != Errno.None)
            return request.LargeFailure;
        OpenFile? file = request.File;
        if (file is { CountsMappings: true, Object.IsHeld: false })
            return Errno.InvalidArgument;
        if (flags.Has(VmFlags.Shared) && (file is null || file.Object.Kind == MemoryObjectKind.ZeroDevice))
        {
            if (!flags.Has(VmFlags.NoReserve) && _accounts.CheckCommit(pages) != Errno.None)
                return Errno.OutOfMemory;
            file = new OpenFile(new MemoryObject(Memory, MemoryObjectKind.SharedAnonymous, request.Range.Length));
        }

        var mapping = new Mapping(request.Range, flags, file, new PageCount(request.PageOffset), AnonIdentity.None);
        if ((flags & (VmFlags.Droppable | VmFlags.Locked)) == (VmFlags.Droppable | VmFlags.Locked) && !Options.Kernel.LocksDroppable)
            InsertUnlocked(mapping);
        else
            _state.InsertMapping(mapping);
        return Errno.None;
    }

    /// <summary>Droppable memory under MCL_FUTURE: it is populated, but in the end not locked. Linux clears the flag only after it has looked for a merge, and found none.</summary>
    private void InsertUnlocked(in Mapping mapping)
    {
        VmFlags flags = mapping.Flags & ~LockMask;
        _accounts.Add(flags, mapping.Range.Length.WholePages);
        _mappings.Insert(mapping with { Flags = flags });
    }

    private static VmFlags FlagsForMap(ulong flags)
    {
        VmFlags result = VmFlags.None;
        if (Has(flags, MapFlags.GrowsDown))
            result |= VmFlags.GrowsDown;
        if (Has(flags, MapFlags.Locked))
            result |= VmFlags.Locked;
        if (Has(flags, MapFlags.Stack))
            result |= VmFlags.NoHugePage;
        if (Has(flags, MapFlags.Sync))
            result |= VmFlags.Sync;
        if (Has(flags, MapFlags.NoReserve))
            result |= VmFlags.NoReserve;
        return result;
    }

    /// <summary>The size that MAP_HUGETLB asks for; false when x86-64 has none of that size.</summary>
    private static bool TryGetLargeSpan(ulong flags, out ulong span)
    {
        const int SizeShift = 26, DefaultSize = 21, LargestSize = 30;
        int size = (int)(flags >> SizeShift) & 0x3f;
        span = 1UL << (size == 0 ? DefaultSize : size);
        return size is 0 or DefaultSize or LargestSize;
    }

    private static bool IsFixed(ulong flags) => (flags & (ulong)(MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0;

    private static bool Has(ulong flags, MapFlags flag) => (flags & (ulong)flag) != 0;

    /// <summary>What is to be mapped, and where; the checks complete its flags.</summary>
    private record struct MapRequest(AddressRange Range, ulong MapFlags, OpenFile? File)
    {
        internal VmFlags VmFlags;
        internal ulong PageOffset;

        /// <summary>What is answered for large pages, once all that is checked for others too has passed; none for pages of 4 KiB.</summary>
        internal Errno LargeFailure;
    }
}
