using PageShift.Abi;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>munmap: takes all mappings in a range away, with their pages. Holes in the range are no error.</summary>
    /// <param name="start">A multiple of 4 KiB.</param>
    /// <param name="length">In bytes, rounded up to whole pages.</param>
    /// <returns>0, or EINVAL (unaligned, no page, or beyond the user limit), ENOMEM (a hole in one mapping at the map-count limit; no memory to split a
    /// large leaf), EPERM (a sealed mapping).</returns>
    /// <remarks>Thread-safe. After a failure no page is gone; a mapping may have been split at the range's start, which merges again with nothing.</remarks>
    public CallResult Unmap(VirtualAddress start, ByteLength length)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return UnmapLocked(start.Value, length.Value);
    }

    // in this order    result
    // start unaligned, above the user limit, or length reaches beyond it    EINVAL
    // no page                                                               EINVAL
    // a mapping with more on both sides, at the map-count limit             ENOMEM
    // the lowest mapping sealed                                             EPERM
    // a higher one sealed                                                   EPERM, the lowest is split at the start
    internal CallResult UnmapLocked(ulong start, ulong length)
    {
        ulong limit = UserLimit.Value;
        if (!new VirtualAddress(start).IsPageAligned || start > limit || length > limit - start || length == 0)
            return Errno.InvalidArgument;
        ByteLength rounded = new ByteLength(length).RoundUpToPages()!.Value; // the limit is a multiple of a page
        return _unmapper.TryUnmap(new AddressRange(new VirtualAddress(start), rounded), out _);
    }
}
