using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>mseal: forbids unmapping, moving, protecting and discarding the mappings of a range, for good.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <param name="flags">0.</param>
    /// <returns>0, or ENOSYS (before Linux 6.10), EINVAL (flags, unaligned, a wrap), ENOMEM (a hole, which leaves everything unsealed; or a split at the map-count limit).</returns>
    /// <remarks>Thread-safe. Sealing again is no error.</remarks>
    public CallResult Seal(VirtualAddress start, ByteLength length, ulong flags = 0)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return SealLocked(start.Value, length.Value, flags);
    }

    internal CallResult SealLocked(ulong start, ulong length, ulong flags)
    {
        if (!Options.Kernel.HasSeal)
            return Errno.NotImplemented;
        ulong rounded = PageSize.RoundUpWrapping(length);
        ulong end = unchecked(start + rounded);
        if (flags != 0 || (start & (PageSize.Bytes - 1)) != 0 || (length != 0 && rounded == 0) || end < start)
            return Errno.InvalidArgument;
        var range = new AddressRange(new VirtualAddress(start), new VirtualAddress(end));
        if (!IsWhollyMapped(range))
            return Errno.OutOfMemory;
        for (VirtualAddress at = range.Start; at < range.End;)
        {
            MappingHandle handle = _mappings.Find(at);
            var part = new AddressRange(at, VirtualAddress.Min(_mappings.RangeOf(handle).End, range.End));
            Errno error = Modify(handle, part, _mappings.FlagsOf(handle) | VmFlags.Sealed);
            if (error != Errno.None)
                return error;
            at = part.End;
        }

        return CallResult.Success;
    }

    /// <summary>True when the range has no hole.</summary>
    private bool IsWhollyMapped(AddressRange range)
    {
        VirtualAddress at = range.Start;
        while (at < range.End)
        {
            MappingHandle handle = _mappings.Find(at);
            if (handle.IsNone)
                return false;
            at = _mappings.RangeOf(handle).End;
        }

        return true;
    }
}
