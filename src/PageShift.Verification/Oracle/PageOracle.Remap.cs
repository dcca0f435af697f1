using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>mremap and the stack move.</summary>
internal sealed partial class PageOracle
{
    // in this order                                                             result
    // old unaligned; new length 0 or beyond user space                          EINVAL
    // FIXED or DONTUNMAP: the destination beyond user space or unaligned;
    //   no MAYMOVE; DONTUNMAP of two lengths; source and destination overlap    EINVAL
    // FIXED and equal lengths                                                   see MoveEach
    // else                                                                      see RemapOne
    /// <summary>mremap; <paramref name="actual"/> is what the space returned.</summary>
    internal CallResult Remap(ulong old, ulong oldLength, ulong newLength, RemapFlags flags, ulong to, CallResult actual)
    {
        var remap = new OracleRemap(old, RoundUp(oldLength), RoundUp(newLength), flags, to);
        if (!IsAligned(old) || remap.NewLength == 0 || remap.NewLength > _layout.UserLimit)
            return Errno.InvalidArgument;
        bool isFixed = flags.HasFlag(RemapFlags.Fixed);
        bool keeps = flags.HasFlag(RemapFlags.DontUnmap);
        if (isFixed || keeps)
        {
            bool overlap = unchecked(old + remap.OldLength) > to && to + remap.NewLength > old;
            if (!IsAligned(to) || to > _layout.UserLimit - remap.NewLength || !flags.HasFlag(RemapFlags.MayMove)
                || (keeps && remap.OldLength != remap.NewLength) || overlap)
                return Errno.InvalidArgument;
        }

        return isFixed && remap.OldLength == remap.NewLength ? MoveEach(remap) : RemapOne(remap, actual);
    }

    /// <summary>relocate_vma_down.</summary>
    internal CallResult RelocateDown(ulong start, ulong length, ulong shift)
    {
        if (!IsAligned(start) || !IsAligned(length) || !IsAligned(shift) || length == 0 || shift == 0 || shift > start)
            return Errno.InvalidArgument;
        if (ExtentAt(start) is not { } extent || extent != (start, start + length) || !_regions.IsFree(start - shift, start))
            return Errno.BadAddress;
        MovePages(start, start - shift, length, leavesRegions: false);
        return new VirtualAddress(start - shift);
    }

    /// <summary>Moves everything that is mapped in a range, gaps kept. What lies opposite a gap stays.</summary>
    private CallResult MoveEach(in OracleRemap remap)
    {
        if (_regions.Find(remap.Old) is null)
            return Errno.BadAddress;
        bool keeps = remap.Flags.HasFlag(RemapFlags.DontUnmap);
        foreach (OracleRegion part in _regions.In(remap.Old, remap.Old + remap.OldLength))
            MoveTo(part.Start, part.Start - remap.Old + remap.New, part.End - part.Start, keeps);
        return new VirtualAddress(remap.New);
    }

    // for the mapping at the address, in this order      result
    // none                                               EFAULT
    // no longer, and nothing moves                       the tail goes; EINVAL when it reaches beyond user space
    // old length 0, private                              EINVAL
    // what stays or moves reaches beyond the mapping     EFAULT
    // destination named                                  see RemapTo
    // equal lengths                                      nothing
    // room behind the mapping                            it grows
    // no MAYMOVE, or no room anywhere                    ENOMEM
    private CallResult RemapOne(in OracleRemap remap, CallResult actual)
    {
        if (_regions.Find(remap.Old) is not { } region)
            return Errno.BadAddress;
        bool named = (remap.Flags & (RemapFlags.Fixed | RemapFlags.DontUnmap)) != 0;
        if (!named && remap.NewLength <= remap.OldLength)
            return ShrinkTail(remap) is var error and not Errno.None ? error : new VirtualAddress(remap.Old);

        if (remap.OldLength == 0 && !region.IsShared)
            return Errno.InvalidArgument;
        ulong mappingEnd = ExtentAt(remap.Old)!.Value.End;
        if (Math.Min(remap.OldLength, remap.NewLength) > mappingEnd - remap.Old)
            return Errno.BadAddress;
        if (named)
            return RemapTo(remap, actual);

        ulong growth = remap.NewLength - remap.OldLength;
        bool fits = remap.Old + remap.OldLength == mappingEnd && growth <= _layout.UserLimit - mappingEnd && _regions.IsFree(mappingEnd, mappingEnd + growth);
        if (fits)
        {
            Extend(remap.Old, mappingEnd, mappingEnd + growth);
            return new VirtualAddress(remap.Old);
        }

        if (!remap.Flags.HasFlag(RemapFlags.MayMove) || CheckChoice(actual, remap.NewLength, hint: 0) is not { } chosen)
            return Errno.OutOfMemory;
        MoveResized(remap with { New = chosen });
        return new VirtualAddress(chosen);
    }

    private CallResult RemapTo(OracleRemap remap, CallResult actual)
    {
        if (remap.Flags.HasFlag(RemapFlags.Fixed))
        {
            Unmap(remap.New, remap.New + remap.NewLength);
            if (_regions.Find(remap.Old) is null)
                return Errno.BadAddress; // a second view, put onto the first
        }
        else if (CheckChoice(actual, remap.NewLength, remap.New) is { } chosen)
        {
            remap = remap with { New = chosen };
        }
        else
        {
            return Errno.OutOfMemory;
        }

        if (remap.NewLength < remap.OldLength)
        {
            if (ShrinkTail(remap) is var error and not Errno.None)
                return error;
            remap = remap with { OldLength = remap.NewLength };
        }

        MoveResized(remap);
        return new VirtualAddress(remap.New);
    }

    /// <summary>Unmaps what a shorter length leaves over; as munmap, it does not reach beyond user space.</summary>
    private Errno ShrinkTail(in OracleRemap remap)
    {
        if (remap.NewLength == remap.OldLength)
            return Errno.None;
        if (remap.OldLength > _layout.UserLimit - remap.Old)
            return Errno.InvalidArgument;
        Unmap(remap.Old + remap.NewLength, remap.Old + remap.OldLength);
        return Errno.None;
    }

    /// <summary>Moves what lies in one mapping, and lengthens it at its new place.</summary>
    private void MoveResized(in OracleRemap remap)
    {
        OracleRegion moved = _regions.Find(remap.Old)!.Value;
        ulong grownFrom = remap.New + remap.OldLength;
        ulong end = remap.New + remap.NewLength;
        if (remap.OldLength == 0)
            _regions.Add(moved.Part(remap.Old, remap.Old).At(remap.New, end));
        else
            MoveTo(remap.Old, remap.New, remap.OldLength, remap.Flags.HasFlag(RemapFlags.DontUnmap));
        if (remap.OldLength != 0 && remap.NewLength > remap.OldLength)
            Extend(remap.New, grownFrom, end);
        else if (moved.IsLocked && remap.OldLength == 0)
            PopulateAll(remap.New, end);
    }

    private void Extend(ulong at, ulong from, ulong end)
    {
        OracleRegion region = _regions.Find(at)!.Value;
        _regions.Add(region.Part(from, end));
        if (region.IsLocked)
            PopulateAll(from, end);
    }

    /// <summary>Moves a range onto another, which is unmapped first; with DONTUNMAP the source stays mapped, without its pages. (What that does to a lock depends on
    /// what has merged; locked memory must not be moved so here.)</summary>
    private void MoveTo(ulong old, ulong to, ulong length, bool keeps)
    {
        Unmap(to, to + length);
        MovePages(old, to, length, keeps);
    }

    private void MovePages(ulong old, ulong to, ulong length, bool leavesRegions)
    {
        List<OracleRegion> moved = _regions.In(old, old + length);
        var pages = new List<(ulong At, OraclePage Page)>();
        foreach (ulong at in PagesIn(old, old + length))
        {
            pages.Add((at - old + to, _pages[at]));
            _pages.Remove(at);
        }

        if (!leavesRegions)
            _regions.Remove(old, old + length);
        foreach (OracleRegion region in moved)
            _regions.Add(region.At(region.Start - old + to, region.End - old + to));
        foreach ((ulong at, OraclePage page) in pages)
            _pages.Add(at, page);
    }

    /// <summary>The arguments of mremap, lengths rounded up.</summary>
    private readonly record struct OracleRemap(ulong Old, ulong OldLength, ulong NewLength, RemapFlags Flags, ulong New);
}
