using PageShift.Abi;
using PageShift.Physical;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class PopulateTests
{
    [Theory]
    [InlineData(ReadWrite, MapFlags.Private, "wwwwwwww", false)]
    [InlineData(Protection.Read, MapFlags.Private, "00000000", true)]
    [InlineData(Protection.None, MapFlags.Private, "........", true)]
    [InlineData(ReadWrite, MapFlags.Shared, "rrrrrrrr", true)]
    public void Mmap_with_POPULATE_brings_all_pages_in_as_the_mapping_allows(Protection protection, MapFlags type, string expected, bool withoutIdentity)
    {
        using AccessWorld world = new();
        world.Map(0, 8, protection, type | MapFlags.Populate);
        Assert.Equal(expected, world.Draw(0, 8));
        Assert.Equal(withoutIdentity, world.MappingAt(0).Anon.IsNone);
    }

    [Fact]
    public void Populating_makes_pages_that_were_only_read_private_and_leaves_private_ones_alone()
    {
        using AccessWorld world = new();
        world.Map(0, 6);
        world.Processor.Read<int>(Page(1));
        world.Processor.Write(Page(3), 3);
        ulong frame = world.LeafOf(3).Frame.Value;
        world.Advise(0, 6, Advice.PopulateWrite);
        Assert.Equal("wwwwww", world.Draw(0, 6));
        Assert.Equal((frame, 3), (world.LeafOf(3).Frame.Value, world.Processor.Read<int>(Page(3))));
        Assert.Equal(6UL, world.Memory.DataFrames);
    }

    [Fact]
    public void Populating_for_reading_gives_untouched_pages_the_zero_page_and_no_identity()
    {
        using AccessWorld world = new();
        world.Map(0, 1500);
        world.Advise(0, 1500, Advice.PopulateRead);
        Assert.Equal(new string('0', 1500), world.Draw(0, 1500));
        Assert.True(world.MappingAt(0).Anon.IsNone);
    }

    [Fact]
    public void Populating_stops_at_a_hole_a_guard_page_and_the_end_of_the_object_with_the_pages_below_in()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Map(5, 8);
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(0), Pages(8), Advice.PopulateWrite).Error);
        Assert.Equal("wwww....", world.Draw(0, 8));
        world.Advise(6, 7, Advice.GuardInstall);
        Assert.Equal(Errno.BadAddress, world.Space.Advise(Page(5), Pages(3), Advice.PopulateWrite).Error);
        Assert.Equal("w G .", string.Join(' ', world.Draw(5, 8).ToCharArray()));
        world.Map(20, 24, file: world.NumberedFile(2));
        Assert.Equal(Errno.BadAddress, world.Space.Advise(Page(20), Pages(4), Advice.PopulateRead).Error);
        Assert.Equal("rr..", world.Draw(20, 24));
    }

    [Theory]
    [InlineData(Protection.Write, Advice.PopulateRead)]
    [InlineData(Protection.Execute, Advice.PopulateRead)]
    [InlineData(Protection.Read, Advice.PopulateWrite)]
    public void Populating_by_madvise_needs_the_very_permission(Protection protection, Advice advice)
    {
        using AccessWorld world = new();
        world.Map(0, 2, protection);
        Assert.Equal(Errno.InvalidArgument, world.Space.Advise(Page(0), Pages(2), advice).Error);
        Assert.Equal("..", world.Draw(0, 2));
    }

    [Fact]
    public void A_large_page_region_is_populated_with_large_pages()
    {
        using AccessWorld world = new();
        world.Map(100, 1100);
        world.Advise(100, 1100, Advice.HugePage);
        world.Advise(110, 1050, Advice.PopulateWrite);
        Assert.Equal(new string('.', 10) + new string('w', 402) + new string('W', 512) + new string('w', 26) + new string('.', 50), world.Draw(100, 1100));
    }

    [Fact]
    public void Running_out_of_memory_reports_where_and_keeps_what_is_in()
    {
        using AccessWorld world = new();
        world.Map(0, 2000);
        world.Memory.AllocationsUntilFailure = 3 + 700 + 1; // three tables, 700 pages, and a table on the way
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(0), Pages(2000), Advice.PopulateWrite).Error);
        world.Memory.AllocationsUntilFailure = -1;
        Assert.Equal(new string('w', 700) + new string('.', 1300), world.Draw(0, 2000));
        world.Space.Verify();
        world.Advise(0, 2000, Advice.PopulateWrite);
        Assert.Equal(new string('w', 2000), world.Draw(0, 2000));
    }

    [Fact]
    public void Sixty_four_gigabytes_of_frames_without_content_are_populated()
    {
        using AccessWorld world = new(new PhysicalMemory(PhysicalMemoryOptions.BytesFree));
        world.Map(0, 16L << 20, extra: MapFlags.Populate);
        Assert.Equal(16UL << 20, world.Memory.DataFrames);
        world.Unmap(0, 16L << 20);
    }
}
