using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    private const VmFlags HeapFlags = VmFlags.Read | VmFlags.Write | MayAccessMask | VmFlags.Account;

    // Guarded by the mapping lock, exclusively. How far the break lies above BreakStart.
    private ulong _breakOffset;

    /// <summary>Where the heap begins, at first <see cref="AddressSpaceOptions.BreakStart"/>.</summary>
    internal VirtualAddress BreakStart { get; private set; }

    /// <summary>Tells where the heap begins, for a space that follows another one whose break is known only later.</summary>
    /// <param name="start">Any byte address.</param>
    /// <remarks>Thread-safe. Linux: prctl(PR_SET_MM_START_BRK) with PR_SET_MM_BRK.</remarks>
    internal void SetBreakStart(VirtualAddress start)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        BreakStart = start;
        _breakOffset = 0;
    }

    /// <summary>brk: moves the end of the heap.</summary>
    /// <param name="end">The new break, any byte address; one below <see cref="BreakStart"/>, such as 0, asks for the break.</param>
    /// <returns>The break after the call: <paramref name="end"/>, or the old one when it could not be moved. Never an error.</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult Break(VirtualAddress end)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return BreakLocked(end.Value);
    }

    // in this order; the first that holds leaves the break where it is
    // below the start; the heap and the program's data would exceed RLIMIT_DATA
    // shrinks, and nothing is mapped in what goes, or that is sealed
    // grows beyond the user limit, or beyond RLIMIT_MEMLOCK under MCL_FUTURE
    // grows to less than a page (and a stack's guard gap) below the next mapping
    // grows beyond RLIMIT_AS or RLIMIT_DATA, the map count, the commit limit
    internal CallResult BreakLocked(ulong end)
    {
        ulong start = BreakStart.Value;
        ulong old = start + _breakOffset;
        if (end < start || Options.ProgramData > Limits.Data || end - start > (Limits.Data - Options.ProgramData).Value)
            return new VirtualAddress(old);
        ulong oldEnd = PageSize.RoundUpWrapping(old);
        ulong newEnd = PageSize.RoundUpWrapping(end);
        bool moved = newEnd == oldEnd
            || (end <= old ? TryShrinkHeap(newEnd, oldEnd) : TryGrowHeap(oldEnd, newEnd));
        if (moved)
            _breakOffset = end - start;
        return new VirtualAddress(moved ? end : old);
    }

    private bool TryShrinkHeap(ulong newEnd, ulong oldEnd)
    {
        var tail = new AddressRange(new VirtualAddress(newEnd), new VirtualAddress(oldEnd));
        return _mappings.AnyOverlaps(tail) && _unmapper.TryUnmap(tail, out _) == Errno.None;
    }

    private bool TryGrowHeap(ulong oldEnd, ulong newEnd)
    {
        if (newEnd < oldEnd || newEnd > UserLimit.Value)
            return false;
        var grown = new AddressRange(new VirtualAddress(oldEnd), new VirtualAddress(newEnd));
        PageCount pages = grown.Length.WholePages;
        VmFlags flags = HeapFlags | _futureLockFlags;
        if (_accounts.CheckLocked(pages, flags) != Errno.None)
            return false;
        MappingHandle above = _mappings.FindFirstEndingAbove(grown.Start);
        if (above.Exists && newEnd + PageSize.Bytes > _mappings.GuardedStartOf(above).Value)
            return false;
        if (_accounts.CheckMayExpand(pages, flags) != Errno.None || _mappings.Count > Options.MaximumMapCount || _accounts.CheckCommit(pages) != Errno.None)
            return false;

        var heap = new Mapping(grown, flags, null, new PageCount(oldEnd >> PageSize.Shift), AnonIdentity.None);
        MappingHandle below = above.IsNone ? _mappings.Last : _mappings.Previous(above);
        if (below.Exists && _mappings.RangeOf(below).End > BreakStart)
        {
            _state.InsertMapping(heap, mayMergeWithNext: false);
        }
        else
        {
            // What ends where the heap starts, such as the program's data, is not extended.
            _accounts.Add(flags, pages);
            _mappings.Insert(heap);
        }

        _populator.PopulateIfLocked(flags, grown);
        return true;
    }
}
