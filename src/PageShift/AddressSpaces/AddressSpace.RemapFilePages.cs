using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>remap_file_pages: lets a part of a shared mapping show other pages of its object, by mapping them there anew.</summary>
    /// <param name="start">Where, rounded down to a whole page.</param>
    /// <param name="length">In bytes, rounded down to whole pages.</param>
    /// <param name="pageOffset">The page of the object that is to be at <paramref name="start"/>.</param>
    /// <param name="flags"><see cref="MapFlags.NonBlock"/> to bring no page in; all others are ignored.</param>
    /// <returns>0, or EINVAL (arguments, not shared, a hole, mappings that differ), or what <see cref="Map"/> gives for a fixed place: EOVERFLOW (past the largest file), EPERM (sealed, may not
    /// lock), EAGAIN (RLIMIT_MEMLOCK), ENOMEM (a limit, the map count).</returns>
    /// <remarks>Thread-safe. What is locked stays so; what madvise said is forgotten. Source: remap_file_pages(2); the order of the checks was found on Linux 6.18.</remarks>
    public CallResult RemapFilePages(VirtualAddress start, ByteLength length, PageCount pageOffset, MapFlags flags = MapFlags.None)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return RemapFilePagesLocked(start.Value, length.Value, 0, pageOffset.Value, (ulong)flags);
    }

    // in this order                                                    result
    // an access is asked for                                           EINVAL
    // not one whole page; the end wraps, or the object's last page     EINVAL
    // nothing at the start, or nothing shared                          EINVAL
    // further on a hole, another opening of a file, other flags        EINVAL
    // what mmap says of it, with SHARED, FIXED and POPULATE, and with LOCKED where it was: see MapLocked
    internal CallResult RemapFilePagesLocked(ulong start, ulong length, ulong protection, ulong pageOffset, ulong flags)
    {
        const ulong HighestOffset = ulong.MaxValue >> PageSize.Shift; // past every file
        start &= ~(PageSize.Bytes - 1);
        length &= ~(PageSize.Bytes - 1);
        ulong end = unchecked(start + length);
        if (protection != 0 || end <= start || unchecked(pageOffset + (length >> PageSize.Shift)) < pageOffset)
            return Errno.InvalidArgument;
        if (!IsSharedAlike(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), out Mapping shown))
            return Errno.InvalidArgument;

        flags = (flags & (ulong)MapFlags.NonBlock) | (ulong)(MapFlags.Shared | MapFlags.Fixed | MapFlags.Populate) | (shown.Flags.Has(VmFlags.Locked) ? (ulong)MapFlags.Locked : 0);
        OpenFile file = shown.File!;
        bool holds = !file.CountsMappings;
        if (holds)
            file.Object.AddHolder(); // what is replaced may be the last that does
        CallResult mapped = MapLocked(start, length, (ulong)shown.Protection, flags, file, Math.Min(pageOffset, HighestOffset) << PageSize.Shift);
        if (holds)
            file.Object.RemoveHolder();
        return mapped.IsError ? mapped : CallResult.Success;
    }

    /// <summary>True when a range is mapped without a hole, shared, and everywhere with the same file and the same flags.</summary>
    /// <param name="range">The range.</param>
    /// <param name="first">The mapping at its start.</param>
    private bool IsSharedAlike(AddressRange range, out Mapping first)
    {
        MappingHandle handle = _mappings.Find(range.Start);
        first = handle.IsNone ? default : _mappings[handle];
        if (first.File is null || !first.Flags.Has(VmFlags.Shared) || !IsWhollyMapped(range))
            return false;
        foreach (MappingHandle other in _mappings.Overlapping(range))
        {
            if (_mappings.FlagsOf(other) != first.Flags || _mappings.FileOf(other) != first.File)
                return false;
        }

        return true;
    }
}
