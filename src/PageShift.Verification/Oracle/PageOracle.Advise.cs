using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Verification.Oracle;

/// <summary>madvise, mprotect, mlock and munlock.</summary>
internal sealed partial class PageOracle
{
    /// <summary>madvise. <paramref name="actual"/> is what the space returned.</summary>
    internal CallResult Advise(ulong start, ulong length, Advice advice, CallResult actual)
    {
        ulong rounded = RoundUp(length);
        ulong end = unchecked(start + rounded);
        if (!IsAligned(start) || (length != 0 && rounded == 0) || end < start)
            return Errno.InvalidArgument;
        if (end == start)
            return CallResult.Success;
        if (advice is Advice.PopulateRead or Advice.PopulateWrite)
            return AdvisePopulate(start, end, advice == Advice.PopulateWrite);
        if (advice == Advice.Collapse)
            return Collapse(start, end, actual);
        foreach (OracleRegion part in _regions.In(start, end))
        {
            Errno error = AdvisePart(part, advice);
            if (error != Errno.None)
                return error;
        }

        return _regions.FirstHole(start, end) < end ? Errno.OutOfMemory : CallResult.Success;
    }

    /// <summary>mprotect to R, W and X bits; every object is open for writing.</summary>
    internal CallResult Protect(ulong start, ulong length, Protection protection)
    {
        if (!IsAligned(start))
            return Errno.InvalidArgument;
        if (length == 0)
            return CallResult.Success;
        ulong end = unchecked(start + RoundUp(length));
        if (end <= start)
            return Errno.OutOfMemory;
        ulong hole = _regions.FirstHole(start, end);
        foreach (OracleRegion part in _regions.In(start, hole))
        {
            var access = (VmFlags)protection;
            _regions.Change(part.Start, part.End, region => region with { Flags = (region.Flags & ~VmFlags.AccessMask) | access });
            bool becomesWritable = (part.Flags & (VmFlags.Write | VmFlags.Shared)) == 0 && access.HasFlag(VmFlags.Write);
            if (part.IsLocked && becomesWritable)
                PopulateAll(part.Start, part.End);
        }

        return hole < end ? Errno.OutOfMemory : CallResult.Success;
    }

    /// <summary>mlock, without a limit.</summary>
    internal CallResult Lock(ulong start, ulong length)
    {
        if (SetLock(start, length, VmFlags.Locked, out ulong end) is var error and not Errno.None)
            return error;
        ulong first = start & ~(PageSize.Bytes - 1);
        foreach (OracleRegion part in _regions.In(first, end))
        {
            if ((part.Flags & VmFlags.AccessMask) == 0 || Populate(part) != AccessFault.None)
                return Errno.OutOfMemory;
        }

        return CallResult.Success;
    }

    /// <summary>munlock.</summary>
    internal CallResult Unlock(ulong start, ulong length) => SetLock(start, length, VmFlags.None, out _);

    private Errno SetLock(ulong start, ulong length, VmFlags locked, out ulong end)
    {
        ulong first = start & ~(PageSize.Bytes - 1);
        end = unchecked(first + RoundUp(length + (start - first)));
        if (end < first)
            return Errno.InvalidArgument;
        if (end == first)
            return Errno.None;
        ulong hole = _regions.FirstHole(first, end);
        _regions.Change(first, hole, region => region with { Flags = (region.Flags & ~VmFlags.Locked) | locked });
        return hole < end ? Errno.OutOfMemory : Errno.None;
    }

    private Errno AdvisePopulate(ulong start, ulong end, bool isWrite)
    {
        for (ulong at = start; at < end; at += PageSize.Bytes)
        {
            if (_regions.Find(at) is not { } region)
                return Errno.OutOfMemory;
            if (!region.Flags.HasFlag(isWrite ? VmFlags.Write : VmFlags.Read))
                return Errno.InvalidArgument;
            if (Access(at, isWrite) != AccessFault.None)
                return Errno.BadAddress;
        }

        return Errno.None;
    }

    private Errno AdvisePart(in OracleRegion part, Advice advice)
    {
        switch (advice)
        {
            case Advice.DontNeed or Advice.GuardInstall when part.IsLocked:
            case Advice.Free when !part.IsAnonymous:
            case Advice.Free or Advice.Cold when part.IsLocked:
            case Advice.WipeOnFork when !part.IsAnonymous:
            case Advice.Remove when part.IsLocked || part.IsAnonymous:
                return Errno.InvalidArgument;
            case Advice.Remove when !part.IsShared:
                return Errno.AccessDenied;
            case Advice.Free or Advice.Cold:
                return Errno.None; // no page goes: there is no memory pressure
            case Advice.DontNeed or Advice.DontNeedLocked:
                DropPages(part.Start, part.End, keepsGuards: true);
                return Errno.None;
            case Advice.Remove:
                DropObjectPages(part);
                for (ulong at = part.Start; at < part.End; at += PageSize.Bytes)
                    part.Object!.Write(part.ObjectPageAt(at), 0);
                return Errno.None;
            case Advice.GuardInstall:
                for (ulong at = part.Start; at < part.End; at += PageSize.Bytes)
                    _pages[at] = new OraclePage(OraclePresence.Guard);
                return Errno.None;
            case Advice.GuardRemove:
                foreach (ulong at in PagesIn(part.Start, part.End).Where(at => _pages[at].Presence == OraclePresence.Guard))
                    _pages.Remove(at);
                return Errno.None;
            default:
                (VmFlags clear, VmFlags set) = FlagChange(advice);
                _regions.Change(part.Start, part.End, region => region with { Flags = (region.Flags & ~clear) | set });
                return Errno.None;
        }
    }

    /// <summary>Takes the pages of a part's object away from every mapping of the family that shows them; private copies stay.</summary>
    private void DropObjectPages(in OracleRegion part)
    {
        foreach (PageOracle member in _family)
            member.DropObjectPages(part.Object!, part.ObjectPage, (part.End - part.Start) >> PageSize.Shift);
    }

    private void DropObjectPages(OracleObject shown, ulong first, ulong count)
    {
        foreach (OracleRegion region in _regions.All)
        {
            if (!ReferenceEquals(region.Object, shown))
                continue;
            foreach (ulong at in PagesIn(region.Start, region.End))
            {
                if (region.ObjectPageAt(at) - first < count && _pages[at] is { IsOwn: false, Presence: not OraclePresence.Guard })
                    _pages.Remove(at);
            }
        }
    }

    /// <summary>MADV_COLLAPSE: content stays; which blocks become large depends on page tables, and so does the result, and the mapping that ends the call with EINVAL.</summary>
    private CallResult Collapse(ulong start, ulong end, CallResult actual)
    {
        List<OracleRegion> parts = _regions.In(start, end);
        foreach (OracleRegion part in parts)
        {
            if (part.IsAnonymous && !part.IsShared)
                SuspectBlocks(part);
        }

        if (parts.Count > 0 && actual.IsError && actual.Error == Errno.InvalidArgument)
            return Errno.InvalidArgument;
        return _regions.FirstHole(start, end) < end ? Errno.OutOfMemory : CallResult.Success;
    }

    private void SuspectBlocks(in OracleRegion part)
    {
        for (ulong at = part.Start; at < part.End; at += _layout.LargePageBytes)
            SuspectBlock(part, at);
        SuspectBlock(part, part.End - PageSize.Bytes);
    }

    private static (VmFlags Clear, VmFlags Set) FlagChange(Advice advice) => advice switch
    {
        Advice.HugePage => (VmFlags.None, VmFlags.HugePage),
        Advice.NoHugePage => (VmFlags.HugePage, VmFlags.None),
        Advice.DontFork => (VmFlags.None, VmFlags.DontCopy),
        Advice.DoFork => (VmFlags.DontCopy, VmFlags.None),
        Advice.WipeOnFork => (VmFlags.None, VmFlags.WipeOnFork),
        Advice.KeepOnFork => (VmFlags.WipeOnFork, VmFlags.None),
        _ => throw new ArgumentOutOfRangeException(nameof(advice), advice, "The oracle does not know this advice."),
    };
}
