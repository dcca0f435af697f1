using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    private const VmFlags MayAccessMask = VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute;

    /// <summary>mprotect: changes what may be done with the pages of a range.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="protection">The new access; with <see cref="Protection.GrowsDown"/> the change begins at the start of the stack that holds the range.</param>
    /// <returns>0, or EINVAL (unaligned, unknown bits, a growth bit that does not fit the mapping), ENOMEM (a hole; a limit; no memory to split a large leaf),
    /// EACCES (the file does not allow it), EPERM (sealed). Mappings below the one that failed stay changed.</returns>
    /// <remarks>Thread-safe. Pages keep their frames, also without any access.</remarks>
    public CallResult Protect(VirtualAddress start, ByteLength length, Protection protection)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return ProtectLocked(start.Value, length.Value, (ulong)protection, AnyProtectionKey);
    }

    /// <summary>pkey_mprotect: as <see cref="Protect"/> for a <paramref name="key"/> of -1. With <see cref="AddressSpaceOptions.ProtectionKeys"/> there is key 0 too, which is everybody's:
    /// with it memory that may be executed may be read. Any other is EINVAL, as none can be allocated.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="protection">The new access.</param>
    /// <param name="key">The protection key.</param>
    /// <returns>As <see cref="Protect"/>.</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult ProtectWithKey(VirtualAddress start, ByteLength length, Protection protection, int key)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return ProtectLocked(start.Value, length.Value, (ulong)protection, key);
    }

    internal const int AnyProtectionKey = -1;
    internal const int DefaultProtectionKey = 0;

    // in this order                                              result
    // both growth bits; start unaligned                          EINVAL
    // length 0                                                   0, whatever the access
    // the end wraps                                              ENOMEM
    // bits other than R, W, X, SEM; a key                        EINVAL
    // nothing mapped at the start (GROWSDOWN: below the end)     ENOMEM
    // GROWSDOWN on no stack, GROWSUP                             EINVAL
    // then mapping by mapping, ascending: see ProtectPart; a hole is ENOMEM
    internal CallResult ProtectLocked(ulong start, ulong length, ulong protection, int key)
    {
        const ulong Grows = (ulong)(Protection.GrowsDown | Protection.GrowsUp);
        const ulong Known = (ulong)(Protection.Read | Protection.Write | Protection.Execute | Protection.Semaphore);
        ulong grows = protection & Grows;
        if (grows == Grows || (start & (PageSize.Bytes - 1)) != 0)
            return Errno.InvalidArgument;
        if (length == 0)
            return CallResult.Success;
        ulong end = unchecked(start + PageSize.RoundUpWrapping(length));
        if (end <= start)
            return Errno.OutOfMemory;
        bool isKey = key == AnyProtectionKey || (key == DefaultProtectionKey && Options.ProtectionKeys);
        if ((protection & ~Grows & ~Known) != 0 || !isKey)
            return Errno.InvalidArgument;

        MappingHandle first = _mappings.FindFirstEndingAbove(new VirtualAddress(start));
        if (first.IsNone || _mappings.RangeOf(first).Start.Value >= end)
            return Errno.OutOfMemory;
        if (grows == (ulong)Protection.GrowsDown)
        {
            if (!_mappings.FlagsOf(first).Has(VmFlags.GrowsDown))
                return Errno.InvalidArgument;
            start = _mappings.RangeOf(first).Start.Value;
        }
        else if (_mappings.RangeOf(first).Start.Value > start)
        {
            return Errno.OutOfMemory;
        }
        else if (grows != 0)
        {
            return Errno.InvalidArgument;
        }

        VmFlags access = key == DefaultProtectionKey ? FlagsFor(protection) & ~VmFlags.ExecuteOnly : FlagsFor(protection & ~Grows);
        return ProtectRange(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), access);
    }

    private Errno ProtectRange(AddressRange range, VmFlags access)
    {
        bool leavesChanged = false;
        Errno error = Errno.None;
        VirtualAddress at = range.Start;
        while (at < range.End && error == Errno.None)
        {
            MappingHandle handle = _mappings.Find(at);
            if (handle.IsNone)
            {
                error = Errno.OutOfMemory;
                break;
            }

            var part = new AddressRange(at, VirtualAddress.Min(_mappings.RangeOf(handle).End, range.End));
            error = ProtectPart(handle, part, access, ref leavesChanged);
            at = part.End;
        }

        if (leavesChanged)
            _processors.Flush(new AddressRange(range.Start, at));
        return error;
    }

    // in this order                                                                   result
    // an access bit without its "may" bit                                             EACCES
    // PR_SET_MDWE, and it becomes executable, or is and becomes or stays writable     EACCES
    // sealed                                                                          EPERM
    // no change                                                                       nothing, not even a merge
    // becomes data and exceeds RLIMIT_DATA                                            ENOMEM
    // becomes writable, private, not yet charged, and exceeds the commit limit        ENOMEM
    // must be split and the map count is at its limit, or no memory                   ENOMEM
    private Errno ProtectPart(MappingHandle handle, AddressRange part, VmFlags access, ref bool leavesChanged)
    {
        VmFlags old = _mappings.FlagsOf(handle);
        VmFlags flags = (old & ~(VmFlags.AccessMask | VmFlags.ExecuteOnly)) | access;
        if ((access & VmFlags.AccessMask & ~Allowed(old)) != 0)
            return Errno.AccessDenied;
        if (Controls.DeniesExecution(old, flags))
            return Errno.AccessDenied;
        if (old.Has(VmFlags.Sealed))
            return Errno.OperationNotPermitted;
        if (flags == old)
            return Errno.None;

        PageCount pages = part.Length.WholePages;
        if (access.Has(VmFlags.Write))
        {
            if (_accounts.CheckMayExpand(pages, flags) != Errno.None && _accounts.CheckMayExpand(pages, old) == Errno.None)
                return Errno.OutOfMemory;
            if ((old & (VmFlags.Account | VmFlags.Write | VmFlags.Shared | VmFlags.NoReserve)) == 0)
            {
                if (_accounts.CheckCommit(pages) != Errno.None)
                    return Errno.OutOfMemory;
                flags |= VmFlags.Account;
            }
        }
        else if (IsAnonymousPrivate(handle) && _mappings.AnonOf(handle).IsNone)
        {
            flags &= ~VmFlags.Account; // nothing was written yet, so the charge can be given back
        }

        bool hasPrivatePages = !_mappings.AnonOf(handle).IsNone;
        Errno error = Modify(handle, part, flags);
        if (error != Errno.None)
            return error;
        _accounts.Remove(old, pages);
        _accounts.Add(flags, pages);
        leavesChanged |= ProtectLeaves(part, flags, hasPrivatePages);
        if ((old & (VmFlags.Write | VmFlags.Shared | VmFlags.Locked)) == VmFlags.Locked && access.Has(VmFlags.Write))
            _populator.Populate(part, PopulateMode.BestEffort); // the pages of locked memory become private now, not by a fault later
        return Errno.None;
    }

    /// <summary>Gives a part of a mapping other flags: splits or merges it, and splits large leaves where a boundary comes to lie. ENOMEM at the map-count limit
    /// (then it may have been split once), or when memory is out; EINVAL where it can't be split.</summary>
    private Errno Modify(MappingHandle handle, AddressRange part, VmFlags flags)
    {
        VmFlags old = _mappings.FlagsOf(handle);
        if (flags == old)
            return Errno.None;
        if (old.Has(VmFlags.Special) && part != _mappings.RangeOf(handle))
            return Errno.InvalidArgument;
        return _unmapper.TrySplitLeavesAtEnds(part) && _mappings.TryModify(handle, part, flags, Options.MaximumMapCount, out _) ? Errno.None : Errno.OutOfMemory;
    }

    /// <summary>The flags that follow from the access that is asked for. Where there are protection keys, that of execution and nothing else takes reading away.</summary>
    private VmFlags FlagsFor(ulong protection)
    {
        var flags = (VmFlags)(uint)(protection & (ulong)(Protection.Read | Protection.Write | Protection.Execute));
        return Options.ProtectionKeys && protection == (ulong)Protection.Execute ? flags | VmFlags.ExecuteOnly : flags;
    }

    /// <summary>The access bits that the "may" bits among <paramref name="flags"/> allow.</summary>
    private static VmFlags Allowed(VmFlags flags) => (VmFlags)((uint)(flags & MayAccessMask) >> 4);

    /// <summary>Gives leaves the access of their mapping. A 4 KiB page of a private mapping that nobody else refers to may be written at once, as on
    /// Linux; of all others the next write fault decides. Returns true when a leaf has changed.</summary>
    private bool ProtectLeaves(AddressRange part, VmFlags flags, bool hasPrivatePages)
    {
        bool makesWritable = hasPrivatePages && (flags & (VmFlags.Write | VmFlags.Shared)) == VmFlags.Write;
        bool changes = false;
        var cursor = new PageTableCursor(_tables, part);
        while (cursor.MoveToNextLeaf())
        {
            ref PageTableEntry entry = ref cursor.Entry;
            if (!entry.IsMapped)
                continue;
            PageTableEntry leaf = LeafBits.Protect(entry, flags);
            if (makesWritable && cursor.Level == PageTableLevel.Pte && !Memory.IsZeroPage(leaf.Frame) && Memory.References(leaf.Frame) == 1)
                leaf = leaf.With(PageTableEntry.WritableBit);
            changes |= leaf != entry;
            entry = leaf;
        }

        return changes;
    }
}
