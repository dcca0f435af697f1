using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>Transparent huge pages, each fact checked on Linux 6.18 with a C program.</summary>
public class LargePageTests
{
    private const int Block = 512;

    [Fact]
    public void A_write_brings_in_a_large_page_where_the_block_lies_wholly_in_the_mapping()
    {
        using AccessWorld world = new();
        world.Map(100, Block * 3);
        world.Advise(100, Block * 3, Advice.HugePage);
        world.Processor.Write(Page(200), 1);
        world.Processor.Write(At(Block + 77, 8), 2);
        Assert.Equal(".w" + new string('.', 311), world.Draw(199, Block));
        Assert.Equal(new string('W', Block), world.Draw(Block, Block * 2));
        Assert.Equal(new string('.', Block), world.Draw(Block * 2, Block * 3));
        Assert.Equal((0, 2), (world.Processor.Read<int>(At(Block + 77, 0)), world.Processor.Read<int>(At(Block + 77, 8))));
        Assert.Equal(1UL + Block, world.Memory.DataFrames);
    }

    [Fact]
    public void A_read_maps_the_large_zero_page_and_gives_the_mapping_an_identity()
    {
        using AccessWorld world = WithLargeMapping();
        Assert.Equal(0, world.Processor.Read<int>(Page(7)));
        Assert.Equal(new string('Z', Block), world.Draw(0, Block));
        Assert.Equal(0UL, world.Memory.DataFrames);
        Assert.False(world.MappingAt(0).Anon.IsNone);
    }

    [Fact]
    public void A_write_to_the_large_zero_page_makes_a_whole_large_page()
    {
        using AccessWorld world = WithLargeMapping();
        using VirtualProcessor other = world.Space.CreateProcessor();
        Assert.Equal(0, other.Read<int>(Page(9)));
        world.Processor.Write(Page(9), 1);
        Assert.Equal(new string('W', Block), world.Draw(0, Block));
        Assert.Equal(1, other.Read<int>(Page(9)));
    }

    [Fact]
    public void A_large_page_shared_by_fork_is_split_by_a_write_and_only_the_written_page_copied()
    {
        using AccessWorld world = WithLargeMapping();
        world.Processor.Write(Page(5), 5);
        using (AddressSpace child = world.Space.Fork())
        {
            child.Write(Page(6), 66);
            Assert.Equal((5, 0), (world.Processor.Read<int>(Page(5)), world.Processor.Read<int>(Page(6))));
            Assert.Equal((5, 66), (child.Read<int>(Page(5)), child.Read<int>(Page(6))));
            Assert.Equal(new string('R', Block), world.Draw(0, Block));
            Assert.Equal(Block + 1UL, world.Memory.DataFrames);
            AddressSpace.VerifyAll([world.Space, child], []);
        }

        world.Processor.Write(Page(7), 7); // the child is gone: the large page is the parent's own again
        Assert.Equal(new string('W', Block), world.Draw(0, Block));
        Assert.Equal((ulong)Block, world.Memory.DataFrames);
    }

    [Fact]
    public void Without_a_run_of_frames_small_pages_come_in()
    {
        using AccessWorld world = new(new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4 << 20 }));
        world.Map(0, Block * 2);
        world.Advise(0, Block * 2, Advice.HugePage);
        world.Processor.Write(Page(3), 1); // takes the one run that is there
        world.Processor.Write(Page(Block), 1);
        Assert.Equal("W", world.Draw(0, 1));
        Assert.Equal("w.", world.Draw(Block, Block + 2));
        Assert.Equal(AccessFault.None, world.Processor.TryRead(Page(Block + 9), out int _));
        Assert.Equal("0", world.Draw(Block + 9, Block + 10));
    }

    [Fact]
    public void A_block_with_a_page_in_it_already_gets_small_pages()
    {
        using AccessWorld world = new();
        world.Map(0, Block);
        world.Processor.Write(Page(3), 1);
        world.Advise(0, Block, Advice.HugePage);
        world.Processor.Write(Page(4), 1);
        Assert.Equal("...ww...", world.Draw(0, 8));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Large_pages_need_both_the_option_and_the_advice(bool option, bool advice)
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { TransparentHugePages = option });
        world.Map(0, Block);
        if (advice)
            world.Advise(0, Block, Advice.HugePage);
        world.Processor.Write(Page(3), 1);
        Assert.Equal("...w", world.Draw(0, 4));
    }

    // What PR_SET_THP_DISABLE was told, what madvise was, and whether a large page comes where the system gives them unasked (checked on the kernel with 'always').
    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, Advice.HugePage, true)]
    [InlineData(null, Advice.NoHugePage, false)]
    [InlineData(LargePageDisabling.ExceptAdvised, null, false)]
    [InlineData(LargePageDisabling.ExceptAdvised, Advice.HugePage, true)]
    [InlineData(LargePageDisabling.Disabled, null, false)]
    [InlineData(LargePageDisabling.Disabled, Advice.HugePage, false)]
    public void Where_large_pages_come_unasked_the_process_and_the_mapping_may_refuse_them(object? disabling, object? advice, bool isLarge)
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { LargePagesUnasked = true });
        if (disabling is LargePageDisabling value)
            world.Space.Controls = world.Space.Controls with { LargePages = value };
        world.Map(0, Block);
        if (advice is Advice given)
            world.Advise(0, Block, given);
        world.Processor.Write(Page(3), 1);
        Assert.Equal(isLarge ? "WWWW" : "...w", world.Draw(0, 4));
    }

    [Fact]
    public void Objects_get_small_pages()
    {
        using AccessWorld world = new();
        world.Map(0, Block, extra: MapFlags.Shared);
        world.Advise(0, Block, Advice.HugePage);
        world.Processor.Write(Page(3), 1);
        Assert.Equal("...w....", world.Draw(0, 8));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void In_a_toy_world_a_large_page_has_as_many_pages_as_a_table_entries(int levels, int indexBits)
    {
        PagingGeometry geometry = PagingGeometry.Toy(levels, indexBits);
        int pages = geometry.EntriesPerTable;
        using PhysicalMemory memory = new();
        using AddressSpace space = new(memory, new AddressSpaceOptions { Geometry = geometry });
        var length = geometry.Span(PageTableLevel.Pmd);
        Must(space.Map(VirtualAddress.Zero, length, ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        Must(space.Advise(VirtualAddress.Zero, length, Advice.HugePage));
        space.Write(new VirtualAddress(PageSize.Bytes), 3);
        Assert.Equal(PageTableLevel.Pmd, Assert.Single(space.GetLeaves(new AddressRange(VirtualAddress.Zero, length))).Level);
        Assert.Equal((ulong)pages, memory.DataFrames);
        Assert.Equal((0, 3), (space.Read<int>(VirtualAddress.Zero), space.Read<int>(new VirtualAddress(PageSize.Bytes))));
        space.Verify();
    }

    [Fact]
    public void A_page_that_the_processor_has_cached_stays_right_when_its_large_leaf_is_split_by_a_move()
    {
        using AccessWorld world = WithLargeMapping();
        world.Processor.Fill(Range(0, Block), 3);
        Must(world.Space.Remap(Page(10), Pages(20), Pages(20), RemapFlags.MayMove | RemapFlags.Fixed, Page(5000)));
        Assert.Equal((3, 3), (world.Processor.Read<byte>(Page(9)), world.Processor.Read<byte>(Page(5019))));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(Page(10), out int _));
    }

    private static AccessWorld WithLargeMapping()
    {
        AccessWorld world = new();
        world.Map(0, Block);
        world.Advise(0, Block, Advice.HugePage);
        return world;
    }

    [Fact]
    public void A_part_of_a_shared_large_page_never_becomes_the_page_of_zeroes()
    {
        using AccessWorld world = new();
        world.Map(0, 512, extra: MapFlags.Shared);
        world.Map(600, 601);
        Must(world.Space.MarkPresent(Range(0, 512), PageTableLevel.Pmd));
        world.Advise(3, 512, Advice.Cold); // takes the large page apart
        world.Processor.Write(Page(5), 7);
        Assert.Equal(0, world.Processor.Read<int>(Page(600)));
    }

    [Fact]
    public void Spaces_of_different_geometries_share_no_large_zero_page()
    {
        using PhysicalMemory memory = new(new PhysicalMemoryOptions { CapacityBytes = 64 << 20 });
        using AddressSpace small = new(memory, new AddressSpaceOptions { Geometry = PagingGeometry.Toy(4, 2) });
        using AddressSpace large = new(memory);
        foreach (AddressSpace space in new[] { small, large })
        {
            var length = space.Geometry.Span(PageTableLevel.Pmd);
            VirtualAddress start = Must(space.Map(new VirtualAddress(length.Value), length, ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
            Must(space.Advise(start, length, Advice.HugePage));
            Assert.Equal(0, space.Read<int>(start));
        }

        AddressSpace.VerifyAll([small, large], []);
    }
}
