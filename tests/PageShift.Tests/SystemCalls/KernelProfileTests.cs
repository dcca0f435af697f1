using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Execution;
using PageShift.Tests.Linux;
using PageShift.Units;
using PageShift.Verification.Kernels;
using Xunit;

namespace PageShift.Tests.SystemCalls;

/// <summary>What releases of Linux have and refuse, as docs/kernels.md says and the kernels booted by tests/kernels/run do.</summary>
public sealed class KernelProfileTests
{
    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private const MapFlags Anonymous = MapFlags.Anonymous | MapFlags.Fixed;
    private const RemapFlags MoveTo = RemapFlags.MayMove | RemapFlags.Fixed;
    private static readonly VirtualAddress Place = new(0x10000000);
    private static readonly VirtualAddress Other = new(0x20000000);

    [Theory]
    [InlineData(5, 13, Errno.InvalidArgument)]
    [InlineData(5, 14, Errno.None)]
    public void Populating_by_advice_is_known_from_5_14(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);
        Map(space, Place, 1, MapFlags.Private);

        Assert.Equal(expected, space.Advise(Place, PageSize.Length, Advice.PopulateWrite).Error);
    }

    [Theory]
    [InlineData(6, 12, Errno.InvalidArgument)]
    [InlineData(6, 13, Errno.None)]
    public void Guard_pages_are_known_from_6_13(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);
        Map(space, Place, 1, MapFlags.Private);

        Assert.Equal(expected, space.Advise(Place, PageSize.Length, Advice.GuardInstall).Error);
    }

    [Theory]
    [InlineData(6, 9, Errno.NotImplemented)]
    [InlineData(6, 10, Errno.None)]
    public void Sealing_is_known_from_6_10(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);
        Map(space, Place, 1, MapFlags.Private);

        Assert.Equal(expected, space.Seal(Place, PageSize.Length).Error);
    }

    [Theory]
    [InlineData(6, 14, Errno.None)]
    [InlineData(6, 15, Errno.OutOfMemory)]
    public void A_move_that_shrinks_by_more_than_all_memory_fails_from_6_15(int major, int minor, Errno expected)
    {
        var memory = new ByteLength(1UL << 30);
        using var space = new AddressSpace(new AddressSpaceOptions { Kernel = KernelProfile.Of(major, minor), CommitLimit = memory });

        Map(space, Other, 1, MapFlags.Private);
        Assert.Equal(Errno.None, space.Remap(Other, memory + PageSize.Length, PageSize.Length, MoveTo, Place).Error);
        Map(space, Other, 1, MapFlags.Private);
        Assert.Equal(expected, space.Remap(Other, memory + PageSize.Length + PageSize.Length, PageSize.Length, MoveTo, Place).Error);
        Assert.Equal(expected == Errno.None ? Place : Other, Assert.Single(space.GetMappings()).Range.Start);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Droppable_memory_is_locked_with_all_that_will_be_mapped_where_the_kernel_does_so(bool isLocked)
    {
        using var space = new AddressSpace(new AddressSpaceOptions { Kernel = KernelProfile.Of(6, 18) with { LocksDroppable = isLocked } });
        Assert.False(space.LockAll(LockAllFlags.Future).IsError);
        Assert.Equal(Place.Value, (ulong)space.Map(Place, PageSize.Length, ReadWrite, MapFlags.Droppable | Anonymous).Raw);
        Assert.Equal(isLocked, Assert.Single(space.GetMappings()).Flags.HasFlag(VmFlags.Locked));
    }

    [Theory]
    [InlineData(6, 10, Errno.InvalidArgument)]
    [InlineData(6, 11, Errno.None)]
    public void Droppable_memory_is_known_from_6_11(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);

        Assert.Equal(expected, space.Map(Place, PageSize.Length, ReadWrite, MapFlags.Droppable | Anonymous).Error);
    }

    [Theory]
    [InlineData(5, 12, Errno.InvalidArgument)]
    [InlineData(5, 13, Errno.None)]
    public void Shared_memory_may_move_and_stay_mapped_from_5_13(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);
        Map(space, Place, 1, MapFlags.Shared);

        Assert.Equal(expected, space.Remap(Place, PageSize.Length, PageSize.Length, MoveTo | RemapFlags.DontUnmap, Other).Error);
    }

    [Theory]
    [InlineData(6, 16, Errno.BadAddress)]
    [InlineData(6, 17, Errno.None)]
    public void Several_mappings_move_in_one_call_from_6_17(int major, int minor, Errno expected)
    {
        using AddressSpace space = Space(major, minor);
        Map(space, Place, 1, MapFlags.Private);
        Map(space, Place + new ByteLength(2 * PageSize.Bytes), 1, MapFlags.Private);
        var length = new ByteLength(3 * PageSize.Bytes);

        Assert.Equal(expected, space.Remap(Place, length, length, MoveTo, Other).Error);
    }

    [Theory]
    [InlineData(6, 6, false)]
    [InlineData(6, 7, true)]
    public void Long_anonymous_memory_is_aligned_from_6_7(int major, int minor, bool expected)
    {
        using AddressSpace space = Space(major, minor);
        _ = space.Map(default, PageSize.Length, ReadWrite, MapFlags.Private | MapFlags.Anonymous);

        CallResult mapped = space.Map(default, new ByteLength(2 << 20), ReadWrite, MapFlags.Private | MapFlags.Anonymous);

        Assert.Equal(expected, mapped.Address.IsAligned(new ByteLength(2 << 20)));
    }

    [Fact]
    public void What_is_asked_of_a_kernel_is_what_its_release_has()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        RunningKernel kernel = RunningKernel.TryProbe(executor, out string? reason) ?? throw new InvalidOperationException(reason);
        Assert.SkipUnless(kernel.Version.Major == 6 && kernel.Version.Minor is 1 or 12 or 17 or 18, "only releases that were looked at are known to the exact step");

        // Distributions differ in this one.
        Assert.Equal(KernelProfile.Of(kernel.Version.Major, kernel.Version.Minor) with { ShowsGuardFlag = kernel.Profile.ShowsGuardFlag }, kernel.Profile);
        Assert.Equal(KernelPolicy.Of(kernel.Version), kernel.Policy);
    }

    [Theory]
    [InlineData(0x10000UL, Errno.OperationNotPermitted)]
    [InlineData(0x1000UL, Errno.None)]
    public void A_low_place_is_refused_by_the_setting(ulong lowest, Errno expected)
    {
        using var space = new AddressSpace(new AddressSpaceOptions { IsPrivileged = false, LowestUnprivilegedAddress = new VirtualAddress(lowest) });
        Map(space, Place, 1, MapFlags.Private);
        Map(space, Other, 1, MapFlags.Private);
        var low = new VirtualAddress(0xf000);

        Assert.Equal(expected, space.Map(new VirtualAddress(0x2000), new ByteLength(1), Protection.None, MapFlags.Private | Anonymous).Error);
        Assert.Equal(expected, space.Remap(Place, PageSize.Length, PageSize.Length, MoveTo, low).Error);
        _ = space.Unmap(low, PageSize.Length);
        Assert.Equal(expected, space.Remap(Other, PageSize.Length, PageSize.Length, RemapFlags.MayMove | RemapFlags.DontUnmap, low).Error);
    }

    private static AddressSpace Space(int major, int minor) => new(new AddressSpaceOptions { Kernel = KernelProfile.Of(major, minor) });

    private static void Map(AddressSpace space, VirtualAddress place, ulong pages, MapFlags type) =>
        Assert.False(space.Map(place, new ByteLength(pages * PageSize.Bytes), ReadWrite, type | Anonymous).IsError);
}
