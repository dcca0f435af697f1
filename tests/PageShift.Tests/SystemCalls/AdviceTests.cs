using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Tests.Access;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.SystemCalls;

/// <summary>What advice does to pages, beyond what the recordings show.</summary>
public class AdviceTests
{
    [Fact]
    public void Collapsing_keeps_every_byte_and_frees_the_small_pages()
    {
        using AccessWorld world = new();
        world.Map(0, 1024);
        for (int page = 0; page < 512; page += 3)
            world.Processor.Write(At(page, 8), page + 1L);
        world.Processor.Read<byte>(Page(1)); // a zero page
        world.Space.Protect(Page(5), Pages(1), ReadWrite);
        world.Advise(0, 512, Advice.Collapse);
        Assert.Equal(new string('W', 512) + new string('.', 512), world.Draw(0, 1024));
        for (int page = 0; page < 512; page++)
            Assert.Equal(page % 3 == 0 ? page + 1L : 0L, world.Processor.Read<long>(At(page, 8)));
        Assert.Equal(512UL, world.Memory.DataFrames);
    }

    [Fact]
    public void Collapsing_pages_that_a_child_shares_leaves_the_child_its_own()
    {
        using AccessWorld world = new();
        world.Map(0, 512);
        world.Space.Fill(Range(0, 10), 3);
        using AddressSpace child = world.Space.Fork();
        world.Advise(0, 512, Advice.Collapse);
        world.Space.Fill(Range(0, 10), 4);
        Assert.Equal(3, child.Read<byte>(Page(9)));
        AddressSpace.VerifyAll([world.Space, child], []);
    }

    [Fact]
    public void A_collapse_without_memory_changes_nothing()
    {
        using AccessWorld world = new();
        world.Map(0, 512);
        world.Space.Fill(Range(0, 10), 3);
        world.Memory.AllocationsUntilFailure = 0;
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(0), Pages(512), Advice.Collapse).Error);
        world.Memory.AllocationsUntilFailure = -1;
        Assert.Equal("wwwwwwwwww..", world.Draw(0, 12));
    }

    [Fact]
    public void Removing_pages_of_an_object_empties_every_mapping_of_them_but_not_private_copies()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(8);
        world.Map(0, 8, extra: MapFlags.Shared, file: file);
        world.Map(8, 16, file: file);
        world.Map(16, 18, extra: MapFlags.Shared, file: file, filePage: 3);
        world.Space.Fill(Range(0, 8), 7);
        world.Processor.Read<byte>(Page(16));
        world.Processor.Read<byte>(Page(8)); // maps what is around it too
        world.Processor.Write(Page(11), (byte)9); // a private copy of page 3
        world.Advise(2, 5, Advice.Remove);
        Assert.Equal("ww...www", world.Draw(0, 8));
        Assert.Equal("rr.w.rrr", world.Draw(8, 16));
        Assert.Equal("..", world.Draw(16, 18));
        Assert.Equal(0, world.Processor.Read<byte>(Page(3)));
        Assert.Equal(9, world.Processor.Read<byte>(Page(11)));
        Assert.Equal(7, world.Processor.Read<byte>(Page(5)));
    }

    [Fact]
    public void Freed_pages_forget_that_they_were_written_until_they_are_again()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Space.Fill(Range(0, 2), 6);
        world.Advise(0, 2, Advice.Free);
        Assert.True(world.LeafOf(0) is { IsDirty: false, IsAccessed: false, IsWritable: true });
        Assert.Equal(6, world.Processor.Read<byte>(Page(0)));
        Assert.True(world.LeafOf(0) is { IsDirty: false, IsAccessed: true });
        world.Processor.Write(Page(0), (byte)7);
        Assert.True(world.LeafOf(0).IsDirty);
    }

    [Fact]
    public void Guards_are_installed_over_anything_and_removed_without_a_trace()
    {
        using AccessWorld world = new();
        world.Map(0, 1024);
        world.Advise(0, 1024, Advice.HugePage);
        world.Space.Fill(Range(0, 512), 1);
        world.Advise(100, 600, Advice.GuardInstall);
        Assert.Equal(new string('w', 100) + new string('G', 500) + new string('.', 424), world.Draw(0, 1024));
        Assert.Equal(AccessFault.GuardPage, world.Processor.TryRead(Page(300), out byte _));
        world.Advise(0, 1024, Advice.DontNeed); // guards stay
        Assert.Equal(new string('.', 100) + new string('G', 500) + new string('.', 424), world.Draw(0, 1024));
        world.Advise(0, 1024, Advice.GuardRemove);
        Assert.Empty(world.Space.GetLeaves(Range(0, 1024)));
        world.Space.Verify();
    }

    [Fact]
    public void Guards_without_memory_for_their_tables_are_in_part_installed()
    {
        using AccessWorld world = new();
        world.Map(0, 2048);
        world.Memory.AllocationsUntilFailure = 4; // three levels, and one more table
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(0), Pages(2048), Advice.GuardInstall).Error);
        world.Memory.AllocationsUntilFailure = -1;
        world.Space.Verify();
        Assert.Equal('G', world.Draw(0, 1)[0]);
        Assert.Equal('.', world.Draw(2047, 2048)[0]);
    }

    [Fact]
    public void Populating_tells_a_hole_from_a_missing_right_from_a_bad_page()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(1);
        world.Map(0, 2);
        world.Map(2, 3, Protection.Read);
        world.Map(4, 6, extra: MapFlags.Shared, file: file);
        Assert.Equal(Errno.InvalidArgument, world.Space.Advise(Page(0), Pages(3), Advice.PopulateWrite).Error);
        Assert.Equal("ww.", world.Draw(0, 3));
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(Page(2), Pages(2), Advice.PopulateRead).Error);
        Assert.Equal(Errno.BadAddress, world.Space.Advise(Page(4), Pages(2), Advice.PopulateRead).Error);
        Assert.Equal("r.", world.Draw(4, 6));
        ulong last = world.Space.Geometry.UserLimit.Value - PageSize.Bytes;
        Assert.Equal((long)last, world.Space.Map(new VirtualAddress(last), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).Raw);
        Assert.Equal(Errno.OutOfMemory, world.Space.Advise(new VirtualAddress(last), Pages(3), Advice.PopulateWrite).Error);
        Assert.Single(world.Space.GetLeaves(new AddressRange(new VirtualAddress(last), Pages(1))));
    }
}
