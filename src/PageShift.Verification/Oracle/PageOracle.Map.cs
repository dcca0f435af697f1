using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>mmap, munmap, brk.</summary>
internal sealed partial class PageOracle
{
    /// <summary>mmap of memory that may be read and written as <paramref name="file"/> says; a file is open for both. <paramref name="actual"/> is what the space returned.</summary>
    /// <returns>What it should have returned.</returns>
    internal CallResult Map(ulong hint, ulong length, Protection protection, MapFlags flags, OracleObject? file, ulong offset, CallResult actual)
    {
        ulong rounded = RoundUp(length);
        if (!IsAligned(offset) || length == 0)
            return Errno.InvalidArgument;
        if (rounded == 0 || rounded > _layout.UserLimit)
            return Errno.OutOfMemory;
        bool isFixed = (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0;
        if (isFixed && hint > _layout.UserLimit - rounded)
            return Errno.OutOfMemory;
        if (isFixed && !IsAligned(hint))
            return Errno.InvalidArgument;
        if (flags.HasFlag(MapFlags.FixedNoReplace) && !_regions.IsFree(hint, hint + rounded))
            return Errno.AlreadyExists;
        ulong start = hint;
        if (!isFixed)
        {
            if (CheckChoice(actual, rounded, RaisedHint(hint)) is not { } chosen)
                return Errno.OutOfMemory;
            start = chosen;
        }

        Unmap(start, start + rounded);
        bool isShared = (flags & MapFlags.TypeMask) != MapFlags.Private;
        if (isShared)
            file ??= new OracleObject(rounded >> PageSize.Shift);
        VmFlags kept = (VmFlags)protection & VmFlags.AccessMask;
        kept |= (isShared ? VmFlags.Shared : 0) | (flags.HasFlag(MapFlags.Locked) ? VmFlags.Locked : 0);
        bool startsAtZero = flags.HasFlag(MapFlags.Anonymous);
        _regions.Add(new OracleRegion
        {
            Start = start,
            End = start + rounded,
            Flags = kept,
            Object = file,
            ObjectPage = startsAtZero ? 0 : offset >> PageSize.Shift,
        });
        if ((flags & (MapFlags.Populate | MapFlags.Locked)) != 0)
            PopulateAll(start, start + rounded);
        return new VirtualAddress(start);
    }

    /// <summary>munmap.</summary>
    internal CallResult Unmap(VirtualAddress start, ByteLength length)
    {
        if (!IsUserRange(start.Value, length.Value))
            return Errno.InvalidArgument;
        Unmap(start.Value, start.Value + RoundUp(length.Value));
        return CallResult.Success;
    }

    /// <summary>brk.</summary>
    internal CallResult Break(ulong end)
    {
        if (end < _layout.BreakStart)
            return new VirtualAddress(_break);
        ulong oldEnd = RoundUp(_break);
        ulong newEnd = RoundUp(end);
        if (newEnd < oldEnd)
        {
            if (_regions.IsFree(newEnd, oldEnd))
                return new VirtualAddress(_break);
            Unmap(newEnd, oldEnd);
        }
        else if (newEnd > oldEnd)
        {
            // A page must stay free below what is mapped above.
            if (newEnd > _layout.UserLimit || !_regions.IsFree(oldEnd, newEnd + PageSize.Bytes))
                return new VirtualAddress(_break);
            _regions.Add(new OracleRegion { Start = oldEnd, End = newEnd, Flags = VmFlags.Read | VmFlags.Write });
        }

        _break = end;
        return new VirtualAddress(end);
    }

    private ulong RaisedHint(ulong hint) => Math.Max(hint & ~(PageSize.Bytes - 1), _layout.Minimum);

    /// <summary>The address that a space chose for <paramref name="length"/> bytes; null when it found none and there is none. A hint may lie below the minimum.</summary>
    /// <exception cref="OracleMismatchException">The choice is not allowed, or there was one.</exception>
    private ulong? CheckChoice(CallResult actual, ulong length, ulong hint)
    {
        if (actual.IsError)
        {
            if (_regions.HasGap(_layout.Minimum, _layout.MmapBase, length))
                throw new OracleMismatchException($"No address was found for {length} bytes, but there is room.");
            return null;
        }

        ulong chosen = (ulong)actual.Raw;
        if (!IsAligned(chosen) || (chosen < _layout.Minimum && chosen != hint) || chosen > _layout.UserLimit - length || !_regions.IsFree(chosen, chosen + length))
            throw new OracleMismatchException($"The address 0x{chosen:x} was chosen for {length} bytes, which are not free there.");
        return chosen;
    }

    private bool IsUserRange(ulong start, ulong length) =>
        IsAligned(start) && start <= _layout.UserLimit && length <= _layout.UserLimit - start && length != 0;
}
