using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Tests.Access;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.SystemCalls;

/// <summary>brk, mlock, mincore and the descriptors, where the recordings do not look.</summary>
public class OtherCallTests
{
    [Fact]
    public void The_heap_does_not_grow_what_ends_where_it_starts()
    {
        using var space = new AddressSpace();
        VirtualAddress start = space.BreakStart;
        space.Map(start - Pages(1), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(start + Pages(2), space.Break(start + Pages(2)).Address);
        Assert.Equal(start + Pages(3), space.Break(start + Pages(3)).Address);
        Assert.Equal([Pages(1), Pages(3)], space.GetMappings().Select(mapping => mapping.Range.Length));
    }

    [Fact]
    public void The_heap_keeps_a_page_from_the_next_mapping_and_a_guard_gap_from_a_stack()
    {
        using var space = new AddressSpace();
        VirtualAddress start = space.BreakStart;
        space.Map(start + Pages(10), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(start, space.Break(start + Pages(10)).Address);
        Assert.Equal(start + Pages(9), space.Break(start + Pages(9)).Address);
        space.Break(start);
        space.Map(start + Pages(300), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed | MapFlags.GrowsDown);
        space.Unmap(start + Pages(10), Pages(1));
        Assert.Equal(start, space.Break(start + Pages(44)).Address);
        Assert.Equal(start + Pages(43), space.Break(start + Pages(43)).Address);
    }

    [Fact]
    public void A_child_has_the_parents_break_and_descriptors()
    {
        using var space = new AddressSpace();
        using var file = new MemoryObject(space.Memory, MemoryObjectKind.Memory, Pages(1));
        space.Break(space.BreakStart + Pages(2));
        int descriptor = space.Descriptors.Open(new OpenFile(file));
        using AddressSpace child = space.Fork();
        Assert.Equal(space.BreakStart + Pages(2), child.Break(default).Address);
        Assert.True(child.Descriptors.TryGet(descriptor, out OpenFile? opened) && opened.Object == file);
        Assert.True(child.Descriptors.Close(descriptor));
        Assert.True(space.Descriptors.TryGet(descriptor, out _));
    }

    [Fact]
    public void Descriptors_are_given_out_from_the_lowest()
    {
        using var space = new AddressSpace();
        using var memory = new MemoryObject(space.Memory, MemoryObjectKind.Memory, Pages(1));
        var file = new OpenFile(memory);
        DescriptorTable table = space.Descriptors;
        table.Set(1, file);
        Assert.Equal([0, 2, 3], [table.Open(file), table.Open(file), table.Open(file)]);
        Assert.True(table.Close(0));
        Assert.False(table.Close(0));
        Assert.Equal(0, table.Open(file));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Set(-1, file));
    }

    [Fact]
    public void Pages_that_are_locked_already_do_not_count_twice()
    {
        using AccessWorld world = new(options: new AddressSpaceOptions { IsPrivileged = false, Limits = new ResourceLimits { Locked = Pages(4) } });
        world.Map(0, 10);
        Assert.Equal(CallResult.Success, world.Space.Lock(Page(1), Pages(3)));
        Assert.Equal(CallResult.Success, world.Space.Lock(Page(0), Pages(4)));
        Assert.Equal(Errno.OutOfMemory, world.Space.Lock(Page(0), Pages(5)).Error);
        Assert.Equal(4UL, world.Space.LockedPages.Value);
        Assert.Equal(Errno.TryAgain, world.Space.Map(Page(20), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Locked).Error);
        Assert.Equal(Errno.OutOfMemory, world.Space.LockAll(LockAllFlags.Current).Error);
        Assert.Equal(CallResult.Success, world.Space.LockAll(LockAllFlags.Future));
        Assert.Equal(Errno.TryAgain, world.Space.Map(Page(20), Pages(1), ReadWrite, MapFlags.Private | MapFlags.Anonymous).Error);
        world.Unmap(0, 2);
        Assert.Equal(2UL, world.Space.LockedPages.Value);
        world.Map(20, 22);
        Assert.Equal("ww", world.Draw(20, 22));
        world.Space.UnlockAll();
        Assert.Equal(0UL, world.Space.LockedPages.Value);
    }

    [Fact]
    public void Locking_without_frames_says_try_again_and_keeps_the_lock()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        world.Memory.AllocationsUntilFailure = 5; // three tables and two pages
        Assert.Equal(Errno.TryAgain, world.Space.Lock(Page(0), Pages(4)).Error);
        world.Memory.AllocationsUntilFailure = -1;
        Assert.Equal("ww..", world.Draw(0, 4));
        Assert.True(world.MappingAt(3).Flags.HasFlag(VmFlags.Locked));
    }

    [Fact]
    public void A_vector_is_filled_as_far_as_it_can_be_written()
    {
        using AccessWorld world = new();
        world.Map(0, 10_000);
        world.Map(20_000, 20_001);
        world.Space.Fill(new AddressRange(Page(0), Pages(10_000)), 1);
        long number = (long)SystemCallNumber.InCore;
        Assert.Equal(0, world.Space.Invoke(number, Page(0).Value, Pages(4096).Value, Page(20_000).Value));
        Assert.Equal(1, world.Processor.Read<byte>(At(20_000, 4095)));
        world.Space.Fill(Range(20_000, 20_001), 9);
        Assert.Equal(-(long)Errno.BadAddress, world.Space.Invoke(number, Page(0).Value, Pages(10_000).Value, At(20_000, 4000).Value));
        Assert.Equal(1, world.Processor.Read<byte>(At(20_000, 4095)));
        Assert.Equal(9, world.Processor.Read<byte>(At(20_000, 3999)));
        world.Protect(20_000, 20_001, Protection.Read);
        Assert.Equal(-(long)Errno.BadAddress, world.Space.Invoke(number, Page(0).Value, Pages(1).Value, Page(20_000).Value));
    }

    [Fact]
    public void A_vector_that_is_too_short_is_a_mistake_of_the_caller()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        Assert.Throws<ArgumentException>(() => world.Space.InCore(Page(0), Pages(4), new byte[3]));
        Assert.Equal(Errno.InvalidArgument, world.Space.InCore(At(0, 1), Pages(4), new byte[3]).Error);
    }

    [Fact]
    public void Large_leaves_count_page_by_page()
    {
        using AccessWorld world = new();
        world.Map(0, 1024);
        world.Advise(0, 1024, Advice.HugePage);
        world.Processor.Write(Page(600), 1);
        var vector = new byte[300];
        Assert.Equal(CallResult.Success, world.Space.InCore(Page(400), Pages(300), vector));
        Assert.Equal(188, vector.Count(present => present == 1));
        Assert.Equal(112, Array.IndexOf(vector, (byte)1));
    }
}
