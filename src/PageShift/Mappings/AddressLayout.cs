using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>The limits between which addresses are chosen. All are page aligned.</summary>
/// <param name="Minimum">The lowest address that a search may return: Linux's effective mmap_min_addr.</param>
/// <param name="MmapBase">The end of the range that is searched first, from above.</param>
/// <param name="BottomUpBase">The start of the range that is searched from below when that fails.</param>
/// <param name="WindowEnd">The end of the addresses that are chosen without a hint above it.</param>
/// <param name="Limit">The first address that cannot be mapped: TASK_SIZE.</param>
/// <param name="LargePageSpan">The length of a large page, to which long anonymous mappings are aligned; 0 where none are.</param>
internal readonly record struct AddressLayout(
    VirtualAddress Minimum,
    VirtualAddress MmapBase,
    VirtualAddress BottomUpBase,
    VirtualAddress WindowEnd,
    VirtualAddress Limit,
    ByteLength LargePageSpan)
{
    private const ulong EffectiveMinimum = 0x10000;
    private const ulong FourLevelLimit = 0x7fff_ffff_f000;
    private const ulong FiveLevelLimit = 0xff_ffff_ffff_f000;

    /// <summary>The length of all that can be mapped.</summary>
    public ByteLength UserSpace => Limit - VirtualAddress.Zero;

    /// <summary>Linux on x86-64 with four levels of tables and without randomisation: mmap_base lies 128 MiB below
    /// TASK_SIZE (checked on the kernel), the bottom-up base at a third of it.</summary>
    public static AddressLayout FourLevels => Linux(FourLevelLimit);

    /// <summary>The same with five levels: addresses from 2^47 up only for a hint that lies there.</summary>
    public static AddressLayout FiveLevels => Linux(FiveLevelLimit);

    /// <summary>The layout of a program whose addresses end at <paramref name="limit"/>, a multiple of a page: mmap_base and the bottom-up base as Linux takes them from TASK_SIZE. Nothing is
    /// aligned to large pages where a program is of 32 bits (checked on the kernel).</summary>
    public AddressLayout LimitedTo(VirtualAddress limit) => new(
        Minimum,
        limit - ByteLength.Min(ByteLength.FromMiB(128), new VirtualAddress(limit.Value / 2).PageStart - VirtualAddress.Zero),
        new VirtualAddress(limit.Value / 3).AlignUp(PageSize.Length),
        limit,
        limit,
        limit.Value <= 1UL << 32 ? ByteLength.Zero : LargePageSpan);

    private static AddressLayout Linux(ulong limit) => new(
        new VirtualAddress(EffectiveMinimum),
        new VirtualAddress(FourLevelLimit) - ByteLength.FromMiB(128),
        new VirtualAddress(FourLevelLimit / 3).AlignUp(PageSize.Length),
        new VirtualAddress(FourLevelLimit),
        new VirtualAddress(limit),
        ByteLength.FromMiB(2));
}
