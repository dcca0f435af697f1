using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    private const VmFlags LockMask = VmFlags.Locked | VmFlags.LockOnFault;

    // Guarded by the mapping lock, exclusively. What mlockall(MCL_FUTURE) gives to new mappings: none, Locked, or both bits. Linux's def_flags.
    private VmFlags _futureLockFlags;

    /// <summary>mlock: locks the pages of a range in memory, and populates them.</summary>
    /// <param name="start">Any address; rounded down to a page.</param>
    /// <param name="length">In bytes; the range ends at the next page boundary.</param>
    /// <returns>0, or EPERM (RLIMIT_MEMLOCK is 0), ENOMEM (over the limit; a hole, with the mappings below it locked; a page that can't be populated; a split
    /// at the map-count limit), EINVAL (the end wraps), EAGAIN (no frame left while populating).</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult Lock(VirtualAddress start, ByteLength length) => Lock2(start, length, LockFlags.None);

    /// <summary>mlock2: as <see cref="Lock"/>; with MLOCK_ONFAULT nothing is populated.</summary>
    /// <param name="start">Any address; rounded down to a page.</param>
    /// <param name="length">In bytes; the range ends at the next page boundary.</param>
    /// <param name="flags">MLOCK_ONFAULT or nothing.</param>
    /// <returns>As <see cref="Lock"/>; EINVAL also for other flags.</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult Lock2(VirtualAddress start, ByteLength length, LockFlags flags)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return LockLocked(start.Value, length.Value, flags);
    }

    /// <summary>munlock: undoes <see cref="Lock"/> for a range. The pages stay.</summary>
    /// <param name="start">Any address; rounded down to a page.</param>
    /// <param name="length">In bytes; the range ends at the next page boundary.</param>
    /// <returns>0, or ENOMEM (a hole, with the mappings below it unlocked; a split at the map-count limit), EINVAL (the end wraps).</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult Unlock(VirtualAddress start, ByteLength length)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return UnlockLocked(start.Value, length.Value);
    }

    /// <summary>mlockall: locks everything that is mapped, or will be.</summary>
    /// <param name="flags">MCL_CURRENT, MCL_FUTURE or both, and MCL_ONFAULT. Without MCL_FUTURE an earlier one is undone.</param>
    /// <returns>0, or EINVAL (no such flags), EPERM (RLIMIT_MEMLOCK is 0), ENOMEM (CURRENT, and all mappings exceed the limit). That a mapping can't be
    /// split or populated is no error.</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult LockAll(LockAllFlags flags)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return LockAllLocked(flags);
    }

    /// <summary>munlockall: unlocks every mapping, and undoes mlockall(MCL_FUTURE).</summary>
    /// <returns>0.</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult UnlockAll()
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return UnlockAllLocked();
    }

    // in this order                                     result
    // unknown flags                                     EINVAL
    // may lock nothing                                  EPERM, also for no page at all
    // more pages than RLIMIT_MEMLOCK leaves             ENOMEM; those in the range that are locked do not count twice
    // the end wraps                                     EINVAL
    // mapping by mapping: a hole, a failing split       ENOMEM
    // then populating: out of memory, other faults      EAGAIN, ENOMEM
    internal CallResult LockLocked(ulong start, ulong length, LockFlags flags)
    {
        if ((flags & ~LockFlags.OnFault) != 0)
            return Errno.InvalidArgument;
        if (_accounts.CheckCanLock() is var denied and not Errno.None)
            return denied;
        if (ExceedsLockLimit(start, length))
            return Errno.OutOfMemory;
        VmFlags lockFlags = (flags & LockFlags.OnFault) != 0 ? LockMask : VmFlags.Locked;
        Errno error = SetLock(start, length, lockFlags, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
            return error;
        return _populator.Populate(range, PopulateMode.Lock).Fault switch
        {
            AccessFault.None => CallResult.Success,
            AccessFault.OutOfMemory => Errno.TryAgain,
            _ => Errno.OutOfMemory,
        };
    }

    internal CallResult UnlockLocked(ulong start, ulong length) => SetLock(start, length, VmFlags.None, out _);

    internal CallResult UnlockAllLocked()
    {
        _futureLockFlags = VmFlags.None;
        SetLockOfAll(VmFlags.None);
        return CallResult.Success;
    }

    internal CallResult LockAllLocked(LockAllFlags flags)
    {
        const LockAllFlags Known = LockAllFlags.Current | LockAllFlags.Future | LockAllFlags.OnFault;
        if (flags is LockAllFlags.None or LockAllFlags.OnFault || (flags & ~Known) != 0)
            return Errno.InvalidArgument;
        if (_accounts.CheckCanLock() is var denied and not Errno.None)
            return denied;
        bool current = (flags & LockAllFlags.Current) != 0;
        if (current && !_accounts.MayLockAll && _accounts.Total > Limits.Locked.WholePages)
            return Errno.OutOfMemory;

        VmFlags lockFlags = (flags & LockAllFlags.OnFault) != 0 ? LockMask : VmFlags.Locked;
        _futureLockFlags = (flags & LockAllFlags.Future) != 0 ? lockFlags : VmFlags.None;
        if (!current)
            return CallResult.Success;
        SetLockOfAll(lockFlags);
        _populator.Populate(new AddressRange(VirtualAddress.Zero, Geometry.UserLimit), PopulateMode.BestEffort);
        return CallResult.Success;
    }

    private bool ExceedsLockLimit(ulong start, ulong length)
    {
        if (_accounts.MayLockAll)
            return false;
        PageCount limit = Limits.Locked.WholePages;
        (ulong first, ulong bytes) = LockedSpan(start, length);
        PageCount pages = new ByteLength(bytes).WholePages + _accounts.Locked;
        if (pages <= limit)
            return false;
        ulong end = bytes > ulong.MaxValue - first ? ulong.MaxValue : first + bytes;
        return pages - CountLocked(new AddressRange(new VirtualAddress(first), new VirtualAddress(end))) > limit;
    }

    private PageCount CountLocked(AddressRange range)
    {
        PageCount pages = default;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            if (_mappings.FlagsOf(handle).Has(VmFlags.Locked))
                pages += _mappings.RangeOf(handle).Intersect(range).Length.WholePages;
        }

        return pages;
    }

    private Errno SetLock(ulong start, ulong length, VmFlags lockFlags, out AddressRange range)
    {
        range = default;
        (ulong first, ulong bytes) = LockedSpan(start, length);
        ulong end = unchecked(first + bytes);
        if (end < first)
            return Errno.InvalidArgument;
        range = new AddressRange(new VirtualAddress(first), new VirtualAddress(end));
        VirtualAddress at = range.Start;
        while (at < range.End)
        {
            MappingHandle handle = _mappings.Find(at);
            if (handle.IsNone)
                return Errno.OutOfMemory;
            var part = new AddressRange(at, VirtualAddress.Min(_mappings.RangeOf(handle).End, range.End));
            if (!TrySetLock(handle, part, lockFlags))
                return Errno.OutOfMemory;
            at = part.End;
        }

        return Errno.None;
    }

    private void SetLockOfAll(VmFlags lockFlags)
    {
        for (VirtualAddress at = VirtualAddress.Zero; _mappings.FindFirstEndingAbove(at) is { Exists: true } handle;)
        {
            AddressRange part = _mappings.RangeOf(handle);
            TrySetLock(handle, part, lockFlags);
            at = part.End;
        }
    }

    /// <summary>Locks or unlocks a part of a mapping. Linux leaves its own special mappings, secret memory and droppable memory as they are.</summary>
    private bool TrySetLock(MappingHandle handle, AddressRange part, VmFlags lockFlags)
    {
        VmFlags old = _mappings.FlagsOf(handle);
        VmFlags flags = (old & ~LockMask) | lockFlags;
        bool isLeft = (old & (VmFlags.DontExpand | VmFlags.Droppable)) != 0 || _mappings.FileOf(handle) is { Object.Kind: MemoryObjectKind.SecretMemory };
        if (flags == old || isLeft)
            return true;
        if (Modify(handle, part, flags) != Errno.None)
            return false;
        _accounts.Remove(old, part.Length.WholePages);
        _accounts.Add(flags, part.Length.WholePages);
        return true;
    }

    /// <summary>The pages that mlock means by an address and a length, modulo 2^64 as the kernel reckons.</summary>
    private static (ulong First, ulong Bytes) LockedSpan(ulong start, ulong length) =>
        (start & ~(PageSize.Bytes - 1), PageSize.RoundUpWrapping(unchecked(length + (start & (PageSize.Bytes - 1)))));
}
