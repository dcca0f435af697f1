using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>The growth of a mapping with MAP_GROWSDOWN, each fact checked on Linux 6.18 with a C program.</summary>
public class StackGrowthTests
{
    private const int Top = 10_000;

    [Fact]
    public void A_fault_below_a_stack_extends_it_and_takes_no_page_between()
    {
        using AccessWorld world = WithStack();
        world.Processor.Write(Page(Top - 5), 1);
        world.Processor.Write(Page(Top - 1000), 1);
        Assert.Equal(Range(Top - 1000, Top), world.MappingAt(Top - 1).Range);
        Assert.Equal(2UL, world.Memory.DataFrames);
        Assert.Equal(1000UL, world.Space.TotalPages.Value);
    }

    [Fact]
    public void A_read_extends_a_stack_too_and_gives_it_an_identity()
    {
        using AccessWorld world = WithStack();
        Assert.Equal(0, world.Processor.Read<int>(Page(Top - 6)));
        Assert.Equal(Range(Top - 6, Top), world.MappingAt(Top - 1).Range);
        Assert.False(world.MappingAt(Top - 1).Anon.IsNone);
        Assert.Equal("0", world.Draw(Top - 6, Top - 5));
    }

    [Fact]
    public void Every_page_keeps_its_place_in_the_mapping()
    {
        using AccessWorld world = WithStack();
        world.Processor.Write(Page(Top - 1), 1);
        PageCount before = world.MappingAt(Top - 1).PageOffsetAt(Page(Top - 1));
        world.Processor.Write(Page(Top - 9), 1);
        Assert.Equal(before, world.MappingAt(Top - 1).PageOffsetAt(Page(Top - 1)));
    }

    [Fact]
    public void A_stack_grows_to_its_limit_and_not_beyond()
    {
        using AccessWorld world = WithStack();
        world.Space.Limits = world.Space.Limits with { Stack = Pages(100) };
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(Page(Top - 101), 1));
        Assert.Equal(Range(Top - 4, Top), world.MappingAt(Top - 1).Range);
        Assert.Equal(AccessFault.None, world.Processor.TryWrite(Page(Top - 100), 1));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(At(Top - 101, 4088), 1L));
    }

    [Fact]
    public void Growth_that_fails_at_a_limit_leaves_an_identity_behind()
    {
        using AccessWorld world = WithStack();
        world.Space.Limits = world.Space.Limits with { Stack = Pages(100) };
        Assert.True(world.MappingAt(Top - 1).Anon.IsNone);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(Page(Top - 101), 1));
        Assert.False(world.MappingAt(Top - 1).Anon.IsNone);
    }

    [Fact]
    public void Growth_counts_against_the_limit_of_all_mappings()
    {
        using AccessWorld world = WithStack();
        world.Space.Limits = world.Space.Limits with { AddressSpace = Pages(6) };
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(Page(Top - 7), 1));
        Assert.Equal(AccessFault.None, world.Processor.TryWrite(Page(Top - 6), 1));
    }

    [Fact]
    public void Growth_of_a_locked_stack_counts_against_the_limit_of_locked_memory()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { IsPrivileged = false, Limits = new ResourceLimits { Locked = Pages(5) } });
        world.Map(Top - 4, Top, extra: MapFlags.GrowsDown | MapFlags.Locked);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(Page(Top - 6), 1));
        Assert.Equal(AccessFault.None, world.Processor.TryWrite(Page(Top - 5), 1));
        Assert.Equal(5UL, world.Space.LockedPages.Value);
    }

    [Theory]
    [InlineData(ReadWrite, MapFlags.None, 255, AccessFault.NotMapped)]
    [InlineData(ReadWrite, MapFlags.None, 256, AccessFault.None)]
    [InlineData(Protection.Read, MapFlags.None, 255, AccessFault.NotMapped)]
    [InlineData(Protection.None, MapFlags.None, 0, AccessFault.None)]
    [InlineData(ReadWrite, MapFlags.GrowsDown, 0, AccessFault.None)]
    public void A_stack_keeps_256_pages_away_from_an_accessible_mapping_that_is_no_stack(Protection below, MapFlags flags, int pagesFree, AccessFault expected)
    {
        using AccessWorld world = WithStack();
        world.Map(Top - 301, Top - 300, below, flags);
        Assert.Equal(expected, world.Processor.TryWrite(Page(Top - 300 + pagesFree), 1));
    }

    [Fact]
    public void A_stack_that_grew_until_it_touches_another_does_not_merge_with_it()
    {
        using AccessWorld world = WithStack();
        world.Map(Top - 301, Top - 300, extra: MapFlags.GrowsDown);
        world.Processor.Write(Page(Top - 300), 1);
        Assert.Equal(2, world.Space.MappingCount);
    }

    [Theory]
    [InlineData(Protection.Read, AccessKind.Write)]
    [InlineData(Protection.None, AccessKind.Read)]
    public void The_stack_grows_even_when_the_access_is_then_not_permitted(Protection protection, AccessKind access)
    {
        using AccessWorld world = new();
        world.Map(Top - 4, Top, protection, MapFlags.GrowsDown);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryTouch(Page(Top - 6), access));
        Assert.Equal(Range(Top - 6, Top), world.MappingAt(Top - 1).Range);
    }

    [Fact]
    public void A_stack_does_not_grow_below_the_lowest_address()
    {
        using AccessWorld world = new();
        Must(world.Space.Map(new VirtualAddress(0x12000), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.GrowsDown));
        Assert.Equal(AccessFault.None, world.Processor.TryWrite(new VirtualAddress(0x10000), 1));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(new VirtualAddress(0xf000), 1));
    }

    private static AccessWorld WithStack()
    {
        AccessWorld world = new();
        world.Map(Top - 4, Top, extra: MapFlags.GrowsDown);
        return world;
    }
}
