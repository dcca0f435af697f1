using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class FaultTests
{
    [Fact]
    public void Reads_of_untouched_memory_share_the_zero_page_and_the_first_write_gets_a_page_of_its_own()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        for (int page = 0; page < 4; page++)
            Assert.Equal(0, world.Processor.Read<int>(Page(page)));
        Assert.Equal("0000", world.Draw(0, 4));
        world.Processor.Write(At(2, 4), 9);
        Assert.Equal("00w0", world.Draw(0, 4));
        Assert.Equal((0, 9), (world.Processor.Read<int>(Page(2)), world.Processor.Read<int>(At(2, 4))));
        Assert.Equal(1UL, world.Memory.DataFrames);
    }

    [Fact]
    public void Replacing_the_zero_page_flushes_once_and_filling_an_empty_slot_never()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        ulong before = world.Space.TlbFlushes;
        world.Processor.Write(Page(0), 1);
        world.Processor.Read<int>(Page(1));
        Assert.Equal(before, world.Space.TlbFlushes);
        world.Processor.Write(Page(1), 1);
        Assert.Equal(before + 1, world.Space.TlbFlushes);
    }

    [Fact]
    public void Only_a_fault_that_replaces_a_page_lets_the_lock_go_and_it_counts_that()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        IFaultResolver faults = world.Space.Faults;
        var reader = new MappingLock.ReaderFlag { Owner = Environment.CurrentManagedThreadId }; // as if inside an access
        Assert.Equal(AccessFault.None, faults.ResolveFault(Page(0), AccessKind.Read, reader));
        Assert.Equal(AccessFault.None, faults.ResolveFault(Page(1), AccessKind.Write, reader));
        Assert.Equal(0, reader.Releases);
        Assert.Equal(AccessFault.None, faults.ResolveFault(Page(0), AccessKind.Write, reader));
        Assert.Equal((1, Environment.CurrentManagedThreadId), (reader.Releases, reader.Owner));
        Assert.Equal("ww", world.Draw(0, 2));
    }

    [Fact]
    public void A_hole_between_mappings_is_not_mapped_and_a_mapping_without_access_not_permitted()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Map(2, 3, Protection.None);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(Page(1), out int _));
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryRead(Page(2), out int _));
        Assert.Equal("...", world.Draw(0, 3));
    }

    [Fact]
    public void A_private_mapping_of_a_file_shows_it_until_it_is_written_and_then_its_own_copy()
    {
        using AccessWorld world = new();
        OpenFile file = world.NumberedFile(4);
        world.Map(0, 4, file: file);
        world.Map(10, 14, extra: MapFlags.Shared, file: file);
        Assert.Equal(2, world.Processor.Read<byte>(Page(1)));
        world.Processor.Write(At(1, 1), (byte)99);
        Assert.Equal((2, 99), (world.Processor.Read<byte>(Page(1)), world.Processor.Read<byte>(At(1, 1))));
        Assert.Equal(2, world.Processor.Read<byte>(At(11, 1)));
        world.Processor.Write(At(2, 0), (byte)77); // not read before
        Assert.Equal((77, 3), (world.Processor.Read<byte>(Page(2)), world.Processor.Read<byte>(Page(12))));
        AddressSpace.VerifyAll([world.Space], []);
    }

    [Fact]
    public void Writes_to_a_shared_mapping_are_seen_through_every_mapping_that_is_not_yet_private()
    {
        using AccessWorld world = new();
        OpenFile file = world.NumberedFile(2);
        world.Map(0, 2, extra: MapFlags.Shared, file: file);
        world.Map(10, 12, file: file);
        Assert.Equal(1, world.Processor.Read<byte>(Page(10)));
        world.Processor.Write(Page(0), (byte)50);
        Assert.Equal(50, world.Processor.Read<byte>(Page(10)));
        world.Processor.Write(Page(10), (byte)51);
        world.Processor.Write(Page(0), (byte)52);
        Assert.Equal((52, 51), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(Page(10))));
        AddressSpace.VerifyAll([world.Space], []);
    }

    [Fact]
    public void A_page_past_the_end_of_the_object_is_a_bus_error_and_the_rest_of_its_last_page_reads_zero()
    {
        using AccessWorld world = new();
        byte[] content = new byte[5000];
        Array.Fill(content, (byte)6);
        using MemoryObject memoryObject = new(world.Memory, content);
        world.Map(0, 4, file: new OpenFile(memoryObject));
        Assert.Equal((6, 6), (world.Processor.Read<byte>(At(0, 0)), world.Processor.Read<byte>(At(1, 903))));
        Assert.Equal(0, world.Processor.Read<byte>(At(1, 904)));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryRead(Page(2), out byte _));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryWrite(Page(3), 1));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryRead(At(1, 4092), out ulong _));
        world.Unmap(0, 4);
    }

    [Fact]
    public void Shared_anonymous_memory_that_was_grown_is_a_bus_error_past_its_first_length()
    {
        using AccessWorld world = new();
        world.Map(0, 2, extra: MapFlags.Shared);
        world.Processor.Fill(Range(0, 2), 1);
        Must(world.Space.Remap(Page(0), Pages(2), Pages(4), RemapFlags.None));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryRead(Page(2), out int _)); // checked on Linux 6.18
        Assert.Equal(1, world.Processor.Read<byte>(Page(1)));
    }

    [Fact]
    public void Shared_anonymous_memory_goes_with_its_last_mapping()
    {
        using AccessWorld world = new();
        world.Map(0, 4, extra: MapFlags.Shared);
        world.Processor.Fill(Range(0, 4), 1);
        world.Unmap(1, 3);
        Assert.Equal(4UL, world.Memory.DataFrames); // as in Linux: the object keeps them
        world.Unmap(0, 4);
        Assert.Equal(0UL, world.Memory.DataFrames);
    }

    [Fact]
    public void Private_dev_zero_is_anonymous_memory()
    {
        using AccessWorld world = new();
        using MemoryObject zero = new(world.Memory, MemoryObjectKind.ZeroDevice, new ByteLength(0));
        world.Map(0, 2, file: new OpenFile(zero));
        Assert.Equal(0, world.Processor.Read<int>(Page(0)));
        world.Processor.Write(Page(1), 5);
        Assert.Equal("0w", world.Draw(0, 2));
        world.Unmap(0, 2);
    }

    // docs/linux-rules.md section 9: from the higher of the 64 KiB boundary and the mapping's start, 16 pages, within mapping and table.
    [Theory]
    [InlineData(0, 100, 20, 16, 32)]
    [InlineData(0, 100, 31, 16, 32)]
    [InlineData(5, 100, 7, 5, 21)]
    [InlineData(5, 12, 7, 5, 12)]
    [InlineData(500, 600, 503, 500, 512)]
    [InlineData(500, 600, 513, 512, 528)]
    public void A_read_of_an_object_maps_the_pages_around_that_are_in_memory(int from, int to, int read, int first, int end)
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(to - from);
        world.Map(2000, 2000 + (to - from), extra: MapFlags.Shared, file: file);
        world.Processor.Fill(Range(2000, 2000 + (to - from)), 1);
        world.Map(from, to, Protection.Read, file: file);
        world.Processor.Read<int>(Page(read));
        string expected = new string('.', first - from) + new string('r', end - first) + new string('.', to - end);
        Assert.Equal(expected, world.Draw(from, to));
        AddressSpace.VerifyAll([world.Space], []);
    }

    [Fact]
    public void Fault_around_skips_what_is_not_in_memory_and_what_is_mapped_already()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(16);
        world.Map(100, 116, extra: MapFlags.Shared, file: file);
        foreach (int page in new[] { 1, 3, 4 })
            world.Processor.Write(Page(100 + page), page);
        world.Map(0, 16, file: file);
        world.Processor.Write(Page(3), 33);
        world.Processor.Read<int>(Page(6)); // not in memory: comes in alone
        Assert.Equal(".r.wr.r.........", world.Draw(0, 16));
        Assert.Equal(33, world.Processor.Read<int>(Page(3)));
        world.Processor.Write(Page(8), 1);
        Assert.Equal(".r.wr.r.w.......", world.Draw(0, 16));
    }

    [Fact]
    public void A_guard_page_faults_as_such_after_the_mapping_was_asked()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Advise(0, 1, Advice.GuardInstall);
        Assert.Equal(AccessFault.GuardPage, world.Processor.TryRead(Page(0), out int _));
        Assert.Equal(AccessFault.GuardPage, world.Processor.TryWrite(At(0, 4000), 1));
        world.Protect(0, 1, Protection.Read);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryWrite(Page(0), 1)); // the mapping is asked first, as on Linux
        world.Protect(0, 1, ReadWrite);
        world.Advise(0, 1, Advice.GuardRemove);
        world.Processor.Write(Page(0), 1);
    }

    [Fact]
    public void A_page_that_was_swapped_out_cannot_be_read_back()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        Assert.True(world.Tables.TryMakeTable(Page(0), PageTableLevel.Pte, out FrameNumber table));
        world.Tables.Set(table, 0, PageTableEntry.Swap(77));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryRead(Page(0), out int _));
        Assert.Equal(AccessFault.BeyondObject, world.Processor.TryWrite(Page(0), 1));
        Assert.Equal(PageTableEntry.Swap(77), world.LeafOf(0));
        world.Unmap(0, 1);
        world.Map(0, 1);
        world.Processor.Write(Page(0), 1);
    }

    [Fact]
    public void A_private_page_gives_its_mapping_an_identity_and_a_page_that_is_only_read_does_not()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        world.Map(10, 11, file: world.NumberedFile(1));
        world.Map(20, 21, extra: MapFlags.Shared);
        world.Processor.Read<int>(Page(0));
        world.Processor.Read<int>(Page(10));
        world.Processor.Write(Page(20), 1);
        Assert.All(world.Space.GetMappings(), mapping => Assert.True(mapping.Anon.IsNone));
        world.Processor.Write(Page(0), 1);
        world.Processor.Write(Page(10), 1);
        Assert.False(world.MappingAt(0).Anon.IsNone);
        Assert.False(world.MappingAt(10).Anon.IsNone);
        Assert.NotEqual(world.MappingAt(0).Anon, world.MappingAt(10).Anon);
        world.Advise(0, 2, Advice.DontNeed);
        Assert.False(world.MappingAt(0).Anon.IsNone);
    }

    [Fact]
    public void Neighbours_that_differ_in_access_only_share_the_identity_of_the_first_that_is_written()
    {
        using AccessWorld world = new();
        world.Map(0, 3);
        world.Protect(1, 2, Protection.Read | Protection.Write | Protection.Execute);
        world.Processor.Write(Page(1), 1);
        world.Processor.Write(Page(0), 1);
        world.Processor.Write(Page(2), 1);
        Assert.Equal(3, world.Space.MappingCount);
        world.Protect(1, 2, ReadWrite);
        Assert.Equal(1, world.Space.MappingCount);
    }

    [Fact]
    public void Neighbours_written_before_they_touched_keep_identities_of_their_own()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Map(2, 3);
        world.Processor.Write(Page(0), 1);
        world.Processor.Write(Page(2), 1);
        world.Map(1, 2);
        Assert.Equal(2, world.Space.MappingCount);
        Assert.NotEqual(world.MappingAt(0).Anon, world.MappingAt(2).Anon);
    }

    [Fact]
    public void The_last_reference_to_a_page_is_written_in_place()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(Page(0), 1);
        ulong frame = world.LeafOf(0).Frame.Value;
        world.Protect(0, 1, Protection.Read);
        world.Protect(0, 1, ReadWrite);
        world.Processor.Write(Page(0), 2);
        Assert.Equal(frame, world.LeafOf(0).Frame.Value);
    }

    [Fact]
    public void Toy_geometries_fault_as_the_real_one_does()
    {
        PagingGeometry geometry = PagingGeometry.Toy(3, 1);
        using AddressSpace space = new(new AddressSpaceOptions { Geometry = geometry });
        Must(space.Map(VirtualAddress.Zero, new ByteLength(geometry.UserLimit.Value), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        for (ulong page = 0; page < 8; page++)
            space.Write(new VirtualAddress(page * PageSize.Bytes), page + 1);
        for (ulong page = 0; page < 8; page++)
            Assert.Equal(page + 1, space.Read<ulong>(new VirtualAddress(page * PageSize.Bytes)));
        Assert.Throws<MemoryAccessException>(() => space.Read<ulong>(geometry.UserLimit));
        space.Verify();
    }
}
