using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// System V shared memory. A segment is made by a key or for itself, attached as a shared mapping, and found by an identifier (SegmentTable).
public sealed partial class AddressSpace
{
    internal CallResult GetSegmentLocked(int key, ulong size, SegmentFlags flags) => Segments.Get(key, size, flags, Controls.Has(Capabilities.OwnSegments), Options.CommitLimit);

    // in this order                                                       result
    // an address with REMAP only, or RND that leaves none with REMAP      EINVAL
    // an unaligned address without RND                                    EINVAL
    // no segment of the identifier                                        EINVAL
    // its mode forbids it                                                 EACCES
    // an address without REMAP: the end wraps, or something is there      EINVAL
    // what mmap says of it, with SHARED, and with FIXED at an address: see MapLocked
    internal CallResult AttachSegmentLocked(int identifier, ulong address, AttachFlags flags)
    {
        bool replaces = flags.HasFlag(AttachFlags.Replace);
        bool isFixed = address != 0;
        if ((address & (PageSize.Bytes - 1)) != 0)
        {
            if (!flags.HasFlag(AttachFlags.RoundDown))
                return Errno.InvalidArgument;
            address &= ~(PageSize.Bytes - 1);
        }

        if ((address == 0 && replaces) || !Segments.TryHold(identifier, out Segment? segment))
            return Errno.InvalidArgument;
        CallResult result = Attach(segment, address, isFixed, flags);
        segment.Object.RemoveHolder();
        return result;
    }

    // In this order, EINVAL for an address within a page or where nothing begins that was attached there; else 0, also when a part is sealed and stays.
    internal CallResult DetachSegmentLocked(ulong address)
    {
        if ((address & (PageSize.Bytes - 1)) != 0 || !FindAttached(address, out MappingHandle part))
            return Errno.InvalidArgument;
        OpenFile file = _mappings.FileOf(part)!;
        ulong size = file.Object.Length.RoundUpToPages()?.Value ?? ulong.MaxValue; // of what a traced program had attached before, the end is not known
        do
        {
            MappingHandle next = _mappings.Next(part);
            if (_mappings.FileOf(part) == file && IsAttachedAt(address, part))
                _unmapper.TryUnmap(_mappings.RangeOf(part), out _);
            part = next;
        }
        while (part.Exists && _mappings.RangeOf(part).End.Value - address <= size);

        return CallResult.Success;
    }

    internal CallResult ControlSegmentLocked(int identifier, SegmentCommand command) =>
        identifier >= 0 && command == SegmentCommand.Remove && Segments.Remove(identifier) ? CallResult.Success : Errno.InvalidArgument;

    /// <summary>True when something is mapped that shmdt of an address would take away.</summary>
    internal bool HasAttached(VirtualAddress address)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return FindAttached(address.Value, out _);
    }

    private CallResult Attach(Segment segment, ulong address, bool isFixed, AttachFlags flags)
    {
        bool writes = !flags.HasFlag(AttachFlags.ReadOnly);
        bool executes = flags.HasFlag(AttachFlags.Execute);
        if (!Controls.Has(Capabilities.OwnSegments) && !segment.Grants((SegmentFlags)(4 + (writes ? 2 : 0) + (executes ? 1 : 0))))
            return Errno.AccessDenied;
        ulong size = segment.Size.Value;
        if (address != 0 && !flags.HasFlag(AttachFlags.Replace))
        {
            ulong end = unchecked(address + size);
            if (end < address || _mappings.AnyOverlaps(new AddressRange(new VirtualAddress(address), new VirtualAddress(end))))
                return Errno.InvalidArgument;
        }

        Protection protection = Protection.Read | (writes ? Protection.Write : 0) | (executes ? Protection.Execute : 0);
        var file = new OpenFile(segment.Object) { CanWrite = writes, CountsMappings = true };
        return MapLocked(address, size, (ulong)protection, (ulong)(MapFlags.Shared | (isFixed ? MapFlags.Fixed : 0)), file, 0);
    }

    /// <summary>Finds the first mapping of a segment that is as far above an address as its place in the segment says, however far.</summary>
    private bool FindAttached(ulong address, out MappingHandle part)
    {
        part = _mappings.FindFirstEndingAbove(new VirtualAddress(address));
        while (part.Exists && !IsAttachedAt(address, part))
            part = _mappings.Next(part);
        return part.Exists;
    }

    private bool IsAttachedAt(ulong address, MappingHandle part) =>
        _mappings.FileOf(part) is { CountsMappings: true } && unchecked(_mappings.RangeOf(part).Start.Value - address) >> PageSize.Shift == _mappings[part].PageOffset.Value;
}
