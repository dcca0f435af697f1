using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>msync: checks a range. An object's bytes are the frames that are mapped, so there is nothing to write back.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="flags">MS_ASYNC or MS_SYNC, or neither, and MS_INVALIDATE.</param>
    /// <returns>0, or EINVAL (unaligned, unknown bits, ASYNC with SYNC), ENOMEM (a hole, or the end wraps), EBUSY (INVALIDATE of a locked mapping).</returns>
    /// <remarks>Thread-safe.</remarks>
    public CallResult Sync(VirtualAddress start, ByteLength length, SyncFlags flags)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return SyncLocked(start.Value, length.Value, flags);
    }

    internal CallResult SyncLocked(ulong start, ulong length, SyncFlags flags)
    {
        const SyncFlags Both = SyncFlags.Async | SyncFlags.Sync;
        if ((flags & ~(Both | SyncFlags.Invalidate)) != 0 || (flags & Both) == Both || (start & (PageSize.Bytes - 1)) != 0)
            return Errno.InvalidArgument;
        ulong end = unchecked(start + PageSize.RoundUpWrapping(length));
        if (end == start)
            return CallResult.Success;
        if (end < start)
            return Errno.OutOfMemory;

        var range = new AddressRange(new VirtualAddress(start), new VirtualAddress(end));
        VirtualAddress reached = range.Start;
        bool hole = false;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            if ((flags & SyncFlags.Invalidate) != 0 && _mappings.FlagsOf(handle).Has(VmFlags.Locked))
                return Errno.Busy;
            AddressRange mapped = _mappings.RangeOf(handle);
            hole |= mapped.Start > reached;
            reached = mapped.End;
        }

        return hole || reached < range.End ? Errno.OutOfMemory : CallResult.Success;
    }
}
