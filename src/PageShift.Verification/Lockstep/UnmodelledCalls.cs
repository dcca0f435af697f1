using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>Calls whose effect the engine does not claim to have. Lockstep leaves them out on both sides, and counts them.</summary>
internal static class UnmodelledCalls
{
    // call                                            what Linux does
    // mmap with MAP_HUGETLB and MAP_NORESERVE         maps pages of hugetlbfs even where there are none
    // with a pool of huge pages: anonymous mmap with  maps pages of it
    //   MAP_HUGETLB, shmget with SHM_HUGETLB
    // MADV_COLLAPSE of memory that shows an object    makes large pages of a memory file
    // MADV_HWPOISON, MADV_SOFT_OFFLINE                EPERM or EINVAL, by how the kernel was built
    /// <summary>True for such a call.</summary>
    /// <param name="record">The call.</param>
    /// <param name="space">The engine's space of its process.</param>
    /// <param name="hasHugePagePool">True when the kernel has huge pages to give.</param>
    internal static bool Contains(in CallRecord record, AddressSpace space, bool hasHugePagePool)
    {
        CallArguments a = record.Call.Arguments;
        return record.Call.Number switch
        {
            SystemCallNumber.Map => ((MapFlags)a.Fourth).HasFlag(MapFlags.HugeTlb | (hasHugePagePool ? MapFlags.Anonymous : MapFlags.NoReserve)),
            SystemCallNumber.GetSegment => hasHugePagePool && ((SegmentFlags)a.Third).HasFlag(SegmentFlags.HugeTlb),
            SystemCallNumber.Advise when (Advice)a.Third is Advice.HardwarePoison or Advice.SoftOffline => true,
            SystemCallNumber.Advise => (Advice)a.Third == Advice.Collapse && ShowsObject(space, a.First, a.Second),
            _ => false,
        };
    }

    /// <summary>True when a mapping in the range shows an object.</summary>
    internal static bool ShowsObject(AddressSpace space, ulong start, ulong length)
    {
        ulong end = unchecked(start + length);
        if (end <= start)
            return false;
        foreach (Mapping mapping in space.GetMappings(new AddressRange(new VirtualAddress(start), new VirtualAddress(end))))
        {
            if (mapping.File is not null)
                return true;
        }

        return false;
    }
}
