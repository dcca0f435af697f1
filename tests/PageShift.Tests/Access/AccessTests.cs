using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class AccessTests
{
    private struct Large
    {
        internal long First;
        internal unsafe fixed byte Rest[12_000];
        internal long Last;
    }

    [Fact]
    public void A_written_value_is_read_back_at_any_alignment()
    {
        using AccessWorld world = Fenced();
        world.Map(0, 3);
        foreach (int offset in new[] { 0, 1, 7, 8, 4000, 4089, 4090, 4095, 4096 })
        {
            ulong value = 0x0123_4567_89ab_cdef + (ulong)offset;
            world.Processor.Write(At(0, offset), value);
            Assert.Equal(value, world.Processor.Read<ulong>(At(0, offset)));
            Assert.Equal((byte)value, world.Processor.Read<byte>(At(0, offset)));
            Assert.Equal(value, world.Space.Read<ulong>(At(0, offset)));
        }
    }

    [Fact]
    public void A_value_may_be_longer_than_a_page()
    {
        using AccessWorld world = Fenced();
        world.Map(0, 4);
        world.Processor.Write(At(0, 100), new Large { First = 5, Last = 7 });
        Large read = world.Processor.Read<Large>(At(0, 100));
        Assert.Equal((5, 7), (read.First, read.Last));
        Assert.Equal("www w", $"{world.Draw(0, 3)} {world.Draw(2, 3)}");
    }

    [Fact]
    public void Untouched_anonymous_memory_reads_as_zero()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        Assert.Equal(0UL, world.Processor.Read<ulong>(At(0, 8)));
        Assert.Equal("0", world.Draw(0, 1));
        Assert.Equal(0UL, world.Memory.DataFrames);
    }

    [Fact]
    public void A_value_that_reaches_into_a_hole_is_not_written_at_all()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Processor.Write(At(0, 4088), 0x1111_1111_1111_1111UL);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(At(0, 4092), ulong.MaxValue));
        Assert.Equal(Page(1), world.Processor.FaultAddress);
        Assert.Equal(0x1111_1111_1111_1111UL, world.Processor.Read<ulong>(At(0, 4088)));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(At(0, 4092), out ulong value));
        Assert.Equal(0UL, value);
    }

    [Fact]
    public void A_copy_does_what_lies_before_the_page_that_faults()
    {
        using AccessWorld world = Fenced();
        world.Map(0, 2);
        byte[] source = new byte[10_000];
        Array.Fill(source, (byte)9);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(At(0, 100), source, out int written));
        Assert.Equal(8192 - 100, written);
        Assert.Equal(Page(2), world.Processor.FaultAddress);
        byte[] read = new byte[10_000];
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(At(0, 50), read, out int copied));
        Assert.Equal(8192 - 50, copied);
        Assert.Equal(0, read[49]);
        Assert.All(read[50..copied], value => Assert.Equal(9, value));
        Assert.All(read[copied..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_fill_writes_every_byte_of_its_range_and_no_other()
    {
        using AccessWorld world = Fenced();
        world.Map(0, 4);
        world.Processor.Fill(new AddressRange(At(0, 4000), At(3, 5)), 7);
        byte[] read = new byte[4 * 4096];
        world.Processor.Read(Page(0), read);
        for (int i = 0; i < read.Length; i++)
            Assert.Equal(i is >= 4000 and < (3 * 4096) + 5 ? 7 : 0, read[i]);
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryFill(new AddressRange(At(3, 4090), At(4, 10)), 1, out ulong filled));
        Assert.Equal(6UL, filled);
    }

    [Fact]
    public void The_form_without_Try_throws_with_address_access_and_fault()
    {
        using AccessWorld world = new();
        world.Map(0, 1, Protection.Read);
        MemoryAccessException write = Assert.Throws<MemoryAccessException>(() => world.Processor.Write(At(0, 5), 1));
        Assert.Equal((At(0, 5), AccessKind.Write, AccessFault.NotPermitted), (write.Address, write.Access, write.Fault));
        MemoryAccessException read = Assert.Throws<MemoryAccessException>(() => world.Space.Read<int>(At(0, 4094)));
        Assert.Equal((Page(1), AccessKind.Read, AccessFault.NotMapped), (read.Address, read.Access, read.Fault));
    }

    // The edges as Linux reports them on x86-64 with four levels (checked on 6.18: SEGV_MAPERR, or SI_KERNEL for a general protection).
    [Theory]
    [InlineData(0x0000_0000_0000_0000, AccessFault.NotMapped)]
    [InlineData(0x0000_7fff_ffff_effc, AccessFault.NotMapped)]
    [InlineData(0x0000_7fff_ffff_f000, AccessFault.NotMapped)]
    [InlineData(0x0000_7fff_ffff_ffff, AccessFault.NotMapped)]
    [InlineData(0x0000_8000_0000_0000, AccessFault.NonCanonical)]
    [InlineData(0x8000_0000_0000_0000, AccessFault.NonCanonical)]
    [InlineData(0xffff_7fff_ffff_ffff, AccessFault.NonCanonical)]
    [InlineData(0xffff_8000_0000_0000, AccessFault.NotMapped)]
    [InlineData(0xffff_ffff_ffff_fffc, AccessFault.NotMapped)]
    [InlineData(0xffff_ffff_ffff_ffff, AccessFault.NotMapped)]
    public void Addresses_outside_user_space_fault_and_never_wrap(ulong address, AccessFault expected)
    {
        using AccessWorld world = new();
        Must(world.Space.Map(VirtualAddress.Zero, Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        if (address == 0)
            Must(world.Space.Unmap(VirtualAddress.Zero, Pages(1)));
        var at = new VirtualAddress(address);
        Assert.Equal(expected, world.Processor.TryRead(at, out ulong _));
        Assert.Equal(at, world.Processor.FaultAddress);
        Assert.Equal(expected, world.Processor.TryWrite(at, 1UL));
        Assert.Equal(expected, world.Processor.TryTouch(at, AccessKind.Execute));
        Assert.Equal(expected, world.Processor.TryRead(at, new byte[20_000], out int copied));
        Assert.Equal(0, copied);
    }

    [Fact]
    public void An_access_over_the_end_of_user_space_faults_at_its_end()
    {
        using AccessWorld world = new();
        Must(world.Space.Map(new VirtualAddress(0x7fff_ffff_e000), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        Assert.Equal(AccessFault.None, world.Processor.TryWrite(new VirtualAddress(0x7fff_ffff_eff8), 1UL));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryWrite(new VirtualAddress(0x7fff_ffff_effc), 1UL));
        Assert.Equal(new VirtualAddress(0x7fff_ffff_f000), world.Processor.FaultAddress);
    }

    [Fact]
    public void Five_levels_make_more_addresses_canonical()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { Geometry = PagingGeometry.X86FiveLevel });
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(new VirtualAddress(0x8000_0000_0000), out byte _));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryRead(new VirtualAddress(0x00ff_ffff_ffff_f000), out byte _));
        Assert.Equal(AccessFault.NonCanonical, world.Processor.TryRead(new VirtualAddress(0x0100_0000_0000_0000), out byte _));
        Must(world.Space.Map(new VirtualAddress(0x0080_0000_0000_0000), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        world.Processor.Write(new VirtualAddress(0x0080_0000_0000_0010), 3);
        Assert.Equal(3, world.Processor.Read<int>(new VirtualAddress(0x0080_0000_0000_0010)));
    }

    [Fact]
    public void A_read_sets_A_and_a_write_sets_D()
    {
        using AccessWorld world = new();
        world.Map(0, 1, extra: MapFlags.Shared);
        world.Processor.Read<int>(Page(0));
        Assert.Equal((true, false, false), (world.LeafOf(0).IsAccessed, world.LeafOf(0).IsDirty, world.LeafOf(0).IsWritable));
        world.Processor.Write(Page(0), 1);
        Assert.Equal((true, true, true), (world.LeafOf(0).IsAccessed, world.LeafOf(0).IsDirty, world.LeafOf(0).IsWritable));
    }

    [Fact]
    public void A_write_through_a_clean_writable_leaf_sets_D_although_reads_have_hit()
    {
        var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 2 << 20 });
        using var tables = new PageTableTree(memory, PagingGeometry.X86);
        var mappingLock = new MappingLock();
        using var processor = new VirtualProcessor(new NoFaults(), tables, mappingLock, _ => { });
        Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));
        Assert.True(tables.TryMakeTable(Page(0), PageTableLevel.Pte, out FrameNumber table));
        tables.Set(table, 0, PageTableEntry.Leaf(frame, PageTableEntry.PresentBit | PageTableEntry.WritableBit | PageTableEntry.UserBit));
        Assert.Equal(AccessFault.None, processor.TryRead(Page(0), out int _));
        Assert.Equal(AccessFault.None, processor.TryRead(Page(0), out int _));
        Assert.Equal((true, false), (tables.Walk(Page(0)).Entry.IsAccessed, tables.Walk(Page(0)).Entry.IsDirty));
        Assert.Equal(AccessFault.None, processor.TryWrite(Page(0), 1));
        Assert.True(tables.Walk(Page(0)).Entry.IsDirty);
    }

    [Fact]
    public void A_fetch_needs_an_executable_page_and_brings_the_page_in_before_it_fails()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        world.Map(1, 2, Protection.Read | Protection.Execute);
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryFetch(Page(0), new byte[4], out _));
        Assert.Equal("0", world.Draw(0, 1)); // as on Linux: the page is resident after the failed fetch
        Assert.Equal(AccessFault.None, world.Processor.TryFetch(Page(1), new byte[4], out int copied));
        Assert.Equal(4, copied);
        world.Processor.Read<int>(Page(0));
        Assert.Equal(AccessFault.NotPermitted, world.Processor.TryFetch(Page(0), new byte[4], out _));
    }

    [Theory]
    [InlineData(Protection.None, AccessFault.NotPermitted, AccessFault.NotPermitted)]
    [InlineData(Protection.Read, AccessFault.None, AccessFault.NotPermitted)]
    [InlineData(Protection.Write, AccessFault.None, AccessFault.None)]
    [InlineData(Protection.Execute, AccessFault.None, AccessFault.NotPermitted)]
    public void What_may_be_done_at_all_may_be_read(Protection protection, AccessFault read, AccessFault write)
    {
        using AccessWorld world = new();
        world.Map(0, 1, protection);
        Assert.Equal(read, world.Processor.TryRead(Page(0), out int _));
        Assert.Equal(write, world.Processor.TryWrite(Page(0), 1));
    }

    [Fact]
    public void A_scope_gives_the_same_accesses_and_ends_when_disposed()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        using (AccessScope scope = world.Processor.EnterAccess())
        {
            scope.Write(At(0, 8), 42);
            Assert.Equal(42, scope.Read<int>(At(0, 8)));
            Assert.Equal(AccessFault.None, scope.TryWrite(At(0, 4095), (ushort)0x0102));
            Assert.Equal(AccessFault.NotMapped, scope.TryRead(Page(2), out int _));
            Assert.Equal(AccessFault.None, scope.TryTouch(Page(1), AccessKind.Write));
            Span<byte> bytes = stackalloc byte[2];
            Assert.Equal(AccessFault.None, scope.TryRead(At(0, 4095), bytes, out int copied));
            Assert.Equal((2, 2, 1), (copied, bytes[0], bytes[1]));
        }

        world.Unmap(0, 2);
    }

    [Fact]
    public void A_write_fault_inside_a_scope_that_replaces_a_page_is_resolved()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        using AccessScope scope = world.Processor.EnterAccess();
        Assert.Equal(0, scope.Read<int>(Page(0)));
        scope.Write(Page(0), 5);
        Assert.Equal(5, scope.Read<int>(Page(0)));
    }

    [Fact]
    public void Misuse_is_an_exception()
    {
        using AccessWorld world = new();
        world.Map(0, 1);
        VirtualProcessor processor = world.Processor;
        using (AccessScope scope = processor.EnterAccess())
        {
            Assert.Throws<InvalidOperationException>(() => processor.Read<int>(Page(0)));
            Assert.Throws<InvalidOperationException>(() => world.Space.Unmap(Page(0), Pages(1)));
            Exception? elsewhere = null;
            var thread = new Thread(() => elsewhere = Record.Exception(() => processor.Read<int>(Page(0))));
            thread.Start();
            thread.Join();
            Assert.IsType<InvalidOperationException>(elsewhere);
            scope.Write(Page(0), 1);
        }

        VirtualProcessor gone = world.Space.CreateProcessor();
        gone.Dispose();
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => gone.Read<int>(Page(0)));
        Assert.Equal(1, processor.Read<int>(Page(0)));
    }

    [Fact]
    public void A_processor_of_a_disposed_space_throws()
    {
        var space = new AddressSpace();
        VirtualProcessor processor = space.CreateProcessor();
        space.Dispose();
        Assert.Throws<ObjectDisposedException>(() => processor.Read<int>(Page(0)));
        Assert.Throws<ObjectDisposedException>(space.CreateProcessor);
        processor.Dispose();
    }

    [Fact]
    public void A_call_on_a_disposed_space_throws()
    {
        var space = new AddressSpace();
        space.Dispose();
        space.Dispose();
        Assert.Throws<ObjectDisposedException>(() => space.Map(Page(0), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.Populate));
        Assert.Throws<ObjectDisposedException>(() => space.Advise(Page(0), Pages(1), Advice.DontNeed));
        Assert.Throws<ObjectDisposedException>(() => space.Invoke((long)SystemCallNumber.Break));
        Assert.Throws<ObjectDisposedException>(space.GetMappings);
        Assert.Throws<ObjectDisposedException>(space.Verify);
    }

    [Fact]
    public void A_scope_whose_fault_lets_the_disposal_of_the_space_in_reads_nothing_afterwards()
    {
        using PhysicalMemory memory = new(new PhysicalMemoryOptions { CapacityBytes = 64 << 20 });
        var space = new AddressSpace(memory);
        Must(space.Map(Page(0), Pages(1 << 12), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed));
        VirtualProcessor processor = space.CreateProcessor();
        using AccessScope scope = processor.EnterAccess();
        var disposing = new Thread(space.Dispose);
        disposing.Start();
        AccessFault fault = AccessFault.None;
        for (int page = 0; page < 1 << 12 && fault == AccessFault.None; page++)
        {
            Assert.Equal(0, scope.Read<int>(Page(page)));
            Thread.Sleep(1);
            fault = scope.TryWrite(Page(page), 1); // replaces the page of zeroes, for which it lets a waiting call in
        }

        Assert.Equal(AccessFault.NotMapped, fault);
        disposing.Join();
        bool throws = false;
        try
        {
            scope.TryRead(Page(0), out int _);
        }
        catch (ObjectDisposedException)
        {
            throws = true;
        }

        Assert.True(throws);
    }

    [Fact]
    public void Pages_of_a_bytes_free_arena_can_be_touched_but_not_read()
    {
        using AccessWorld world = new(new PhysicalMemory(PhysicalMemoryOptions.BytesFree));
        world.Map(0, 8);
        Assert.Equal(AccessFault.None, world.Processor.TryTouch(Range(0, 4), AccessKind.Write));
        Assert.Equal(AccessFault.None, world.Processor.TryTouch(Page(5), AccessKind.Read));
        Assert.Equal("wwww.0..", world.Draw(0, 8));
        Assert.Throws<InvalidOperationException>(() => world.Processor.Read<int>(Page(6)));
        Assert.Throws<InvalidOperationException>(() => world.Processor.Fill(Range(6, 7), 1));
        Assert.Equal("wwww.0..", world.Draw(0, 8));
        Assert.Equal(AccessFault.NotMapped, world.Processor.TryTouch(Range(7, 10), AccessKind.Write));
        Assert.Equal(Page(8), world.Processor.FaultAddress);
    }

    private sealed class NoFaults : IFaultResolver
    {
        public AccessFault ResolveFault(VirtualAddress address, AccessKind access, MappingLock.ReaderFlag reader) =>
            throw new InvalidOperationException($"No fault was expected at {address}.");
    }
}
