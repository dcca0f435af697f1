using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Tests.Access;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.SystemCalls;

/// <summary>What the recordings cannot show of mmap and munmap: limits that a test process can't come near, and what happens to frames.</summary>
public class MapTests
{
    private const MapFlags Private = MapFlags.Private | MapFlags.Anonymous;
    private const MapFlags Here = Private | MapFlags.Fixed;

    [Theory]
    [InlineData(0x7000_0000_0123UL, null, null)]
    [InlineData(1UL << 47, null, null)]
    [InlineData(0xffff_ffff_ffff_f000UL, null, null)]
    [InlineData(null, 0x1_0123UL, null)]
    [InlineData(null, null, 0xffff_ffff_ffff_fff0UL)]
    public void Addresses_that_no_process_has_are_refused_when_a_space_is_made(ulong? mmapBase, ulong? minimum, ulong? breakStart)
    {
        var options = new AddressSpaceOptions
        {
            MmapBase = mmapBase is { } top ? new VirtualAddress(top) : null,
            MinimumAddress = minimum is { } lowest ? new VirtualAddress(lowest) : null,
            BreakStart = new VirtualAddress(breakStart ?? 0),
        };
        Assert.Throws<ArgumentException>(() => new AddressSpace(options));
    }

    [Fact]
    public void A_process_may_hold_one_mapping_more_than_the_limit()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { MaximumMapCount = 3 });
        for (int i = 0; i < 4; i++)
            world.Map(2 * i, (2 * i) + 1);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(8), Pages(1), ReadWrite, Here).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(1), Pages(1), ReadWrite, Here).Error); // although it would merge
        Assert.Equal(4, world.Space.MappingCount);
    }

    [Fact]
    public void At_the_limit_a_hole_can_not_be_punched_but_an_end_can_be_trimmed()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { MaximumMapCount = 2 });
        world.Map(0, 4);
        world.Map(6, 10);
        world.Space.Fill(Range(0, 4), 7);
        Assert.Equal(Errno.OutOfMemory, world.Space.Unmap(Page(1), Pages(1)).Error);
        Assert.Equal("wwww", world.Draw(0, 4));
        world.Unmap(3, 4);
        world.Unmap(6, 7);
        Assert.Equal(2, world.Space.MappingCount);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(1), Pages(1), Protection.Read, Here).Error); // FIXED punches one too
        Assert.Equal("www.", world.Draw(0, 4));
    }

    [Fact]
    public void At_the_limit_advice_says_try_again_and_others_out_of_memory()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { MaximumMapCount = 1 });
        world.Map(0, 4);
        Assert.Equal(Errno.TryAgain, world.Space.Advise(Page(0), Pages(1), Advice.Random).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Protect(Page(0), Pages(1), Protection.Read).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Lock(Page(0), Pages(1)).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Seal(Page(0), Pages(1)).Error);
        Assert.Equal(CallResult.Success, world.Space.LockAll(LockAllFlags.Current));
        Assert.Equal(CallResult.Success, world.Space.Advise(Page(0), Pages(4), Advice.Random));
    }

    [Fact]
    public void A_single_charge_over_the_commit_limit_fails_and_what_is_not_charged_does_not()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { CommitLimit = Pages(10) });
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(0), Pages(11), ReadWrite, Here).Error);
        world.Map(0, 11, extra: MapFlags.NoReserve);
        world.Map(11, 30, Protection.Read);
        Assert.Equal(Errno.OutOfMemory, world.Space.Protect(Page(11), Pages(11), ReadWrite).Error);
        world.Protect(11, 21, ReadWrite);
        world.Map(40, 50); // each charge is looked at alone
        world.Map(50, 60);
        world.Map(50, 61); // ten of them are charged already
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(100), Pages(11), ReadWrite, MapFlags.Shared | MapFlags.Anonymous).Error);
    }

    [Fact]
    public void Shared_memory_over_the_commit_limit_leaves_a_hole_where_it_should_be()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { CommitLimit = Pages(10) });
        world.Map(0, 4);
        world.Space.Fill(Range(0, 4), 1);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(0), Pages(11), ReadWrite, MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed).Error);
        Assert.Empty(world.Space.GetMappings());
        Assert.Equal(0UL, world.Memory.DataFrames);
        Assert.Equal(0UL, world.Space.TotalPages.Value);
    }

    [Fact]
    public void Private_memory_over_the_commit_limit_leaves_what_was_there()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { CommitLimit = Pages(10) });
        world.Map(0, 4);
        world.Space.Fill(Range(0, 4), 1);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(2), Pages(13), ReadWrite, Here).Error);
        Assert.Equal("wwww", world.Draw(0, 4));
    }

    [Fact]
    public void Limits_count_pages_by_what_they_are()
    {
        using AccessWorld world = new();
        world.Space.Limits = new ResourceLimits { AddressSpace = Pages(20), Data = Pages(5) };
        world.Map(0, 5);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(5), Pages(1), ReadWrite, Here).Error);
        world.Map(5, 6, extra: MapFlags.GrowsDown);
        world.Map(6, 7, extra: MapFlags.Shared);
        world.Map(7, 20, Protection.Read);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(20), Pages(1), Protection.None, Here).Error);
        world.Map(0, 6); // replaced pages of any kind make room
        Assert.Equal(20UL, world.Space.TotalPages.Value);
        Assert.Equal(6UL, world.Space.DataPages.Value); // the stack's page became data
        world.Protect(8, 9, ReadWrite); // RLIMIT_AS is used up, so that more of any kind would fail: then becoming data does not
        world.Space.Limits = world.Space.Limits with { AddressSpace = Pages(30) };
        Assert.Equal(Errno.OutOfMemory, world.Space.Protect(Page(7), Pages(1), ReadWrite).Error);
    }

    [Fact]
    public void A_page_below_the_lowest_address_is_for_the_privileged()
    {
        using var privileged = new AddressSpace();
        Assert.Equal(0, privileged.Map(default, Pages(1), ReadWrite, Here).Raw);
        using var other = new AddressSpace(new AddressSpaceOptions { IsPrivileged = false });
        Assert.Equal(Errno.OperationNotPermitted, other.Map(default, Pages(1), ReadWrite, Here).Error);
        Assert.Equal(0x1000, other.Map(new VirtualAddress(0x1000), Pages(1), ReadWrite, Here).Raw);
        Assert.Equal(0x10000, other.Map(new VirtualAddress(0x3000), Pages(1), ReadWrite, Private).Raw); // a hint is raised
    }

    [Fact]
    public void A_fixed_address_among_the_errnos_is_returned_as_one()
    {
        using var space = new AddressSpace();
        Assert.Equal(Errno.OutOfMemory, space.Map(new VirtualAddress(ulong.MaxValue - 4095), Pages(1), ReadWrite, Here).Error);
        Assert.Equal(-12, space.Map(new VirtualAddress(unchecked((ulong)-12)), Pages(1), ReadWrite, Here).Raw);
        Assert.Equal(-4095, space.Map(new VirtualAddress(unchecked((ulong)-4095)), Pages(1), ReadWrite, Here).Raw);
    }

    [Fact]
    public void Hidden_memory_lives_as_long_as_a_mapping_of_it()
    {
        using AccessWorld world = new();
        world.Map(0, 8, extra: MapFlags.Shared);
        world.Space.Fill(Range(0, 8), 3);
        world.Unmap(2, 6);
        Assert.Equal(8UL, world.Memory.DataFrames); // the object keeps what is no longer mapped
        world.Unmap(0, 2);
        world.Map(6, 8);
        Assert.Equal(0UL, world.Memory.DataFrames);
    }

    [Fact]
    public void A_failed_split_of_a_large_leaf_changes_nothing()
    {
        using AccessWorld world = new();
        world.Map(0, 1024);
        world.Advise(0, 1024, Advice.HugePage);
        world.Space.Fill(Range(0, 1024), 5);
        IReadOnlyList<Mapping> before = world.Space.GetMappings();
        world.Memory.AllocationsUntilFailure = 0;
        Assert.Equal(Errno.OutOfMemory, world.Space.Unmap(Page(100), Pages(1)).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Protect(Page(100), Pages(1), Protection.Read).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Map(Page(100), Pages(1), ReadWrite, Here).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(100), Pages(1), Advice.DontNeed).Error);
        Assert.Equal(Errno.TryAgain, world.Space.Advise(Page(100), Pages(1), Advice.DontFork).Error);
        Assert.Equal(before, world.Space.GetMappings());
        Assert.Equal(new string('W', 1024), world.Draw(0, 1024));
        world.Memory.AllocationsUntilFailure = -1;
        world.Unmap(100, 101);
        Assert.Equal(new string('w', 100) + "." + new string('w', 411) + new string('W', 512), world.Draw(0, 1024));
        Assert.Equal(5, world.Space.Read<byte>(Page(99)));
    }
}
