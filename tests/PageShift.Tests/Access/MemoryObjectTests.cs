using CsCheck;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

public class MemoryObjectTests
{
    [Fact]
    public void Pages_come_in_when_they_are_needed_and_stay()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(8);
        world.Map(0, 8, extra: MapFlags.Shared, file: file);
        Assert.False(file.Object.IsResident(new PageCount(3)));
        world.Processor.Write(Page(3), 1);
        Assert.True(file.Object.IsResident(new PageCount(3)));
        world.Unmap(0, 8);
        Assert.True(file.Object.IsResident(new PageCount(3)));
        world.Map(0, 8, extra: MapFlags.Shared, file: file);
        Assert.Equal(1, world.Processor.Read<int>(Page(3)));
    }

    [Fact]
    public void A_shorter_length_drops_pages_and_clears_the_rest_of_the_last()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(4);
        world.Map(0, 4, extra: MapFlags.Shared, file: file);
        world.Processor.Fill(Range(0, 4), 5);
        world.Unmap(0, 4);
        file.Object.SetLength(new ByteLength(4096 + 10));
        Assert.Equal(2UL, world.Memory.DataFrames);
        file.Object.SetLength(Pages(4));
        world.Map(0, 4, extra: MapFlags.Shared, file: file);
        Assert.Equal((5, 5, 0, 0), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(At(1, 9)), world.Processor.Read<byte>(At(1, 10)), world.Processor.Read<byte>(Page(3))));
    }

    [Fact]
    public void A_shorter_length_takes_pages_out_of_every_mapping_and_private_copies_too()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(4);
        world.Map(0, 4, extra: MapFlags.Shared, file: file);
        world.Map(10, 14, file: file);
        world.Processor.Fill(Range(0, 4), 5);
        world.Processor.Fill(Range(10, 14), 6);
        using AddressSpace child = world.Space.Fork();
        file.Object.SetLength(Pages(1));
        file.Object.SetLength(Pages(4));
        foreach (AddressSpace space in new[] { world.Space, child })
        {
            Assert.Equal((5, 0, 0), (space.Read<byte>(Page(0)), space.Read<byte>(Page(1)), space.Read<byte>(Page(3))));
            Assert.Equal((6, 0, 0), (space.Read<byte>(Page(10)), space.Read<byte>(Page(11)), space.Read<byte>(Page(13))));
        }

        AddressSpace.VerifyAll([world.Space, child], [file.Object]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pages_that_an_object_loses_leave_a_space_that_is_forked_meanwhile(bool isHole)
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(4);
        world.Map(10, 14, extra: MapFlags.Shared, file: file);
        world.Processor.Fill(Range(10, 14), 5);
        using AddressSpace parent = new(world.Memory);
        var forking = new ForkingMapper(parent);
        file.Object.AddMapper(forking); // it is told before the parent is
        Must(parent.Map(Page(0), Pages(4), ReadWrite, MapFlags.Private | MapFlags.Fixed, file));
        parent.Write(Page(0), 6); // so that a fork copies its entries
        Assert.Equal(5, parent.Read<byte>(Page(3)));

        if (isHole)
            world.Advise(13, 14, Advice.Remove);
        else
            file.Object.SetLength(Pages(3));

        using AddressSpace child = forking.Child!;
        Assert.Equal((0, 0), (parent.GetLeaves(Range(3, 4)).Count, child.GetLeaves(Range(3, 4)).Count));
        AddressSpace.VerifyAll([world.Space, parent, child], [file.Object]);
    }

    [Fact]
    public void A_child_that_is_being_made_is_not_changed_by_anyone_else()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(4);
        OpenFile other = world.MemoryFile(4);
        using ManualResetEventSlim begun = new();
        using ManualResetEventSlim done = new();
        bool isChanged = false;
        AddressSpace? child = null;
        var forking = new Thread(() => child = world.Space.Fork());
        world.Map(0, 4, file: file);
        file.Object.AddMapper(new WatchingMapper
        {
            Unmapping = () =>
            {
                forking.Start();
                begun.Wait();
            },
        });
        world.Map(4, 8, file: other);
        other.Object.AddMapper(new WatchingMapper
        {
            Asked = () =>
            {
                begun.Set(); // the child has its mapping of the first object, not yet that of the second
                isChanged = done.Wait(200);
            },
        });

        file.Object.SetLength(Pages(1));
        done.Set();
        forking.Join();

        Assert.False(isChanged);
        child!.Dispose();
    }

    [Fact]
    public void A_hole_reaches_to_the_end_of_an_object_and_no_further()
    {
        using AccessWorld world = new();
        OpenFile file = world.NumberedFile(4);
        world.Map(0, 4, extra: MapFlags.Shared, file: file);
        Assert.True(file.Object.TryPunchHole(new PageCount(2), new PageCount(ulong.MaxValue)));
        Assert.Equal((1, 2, 0, 0), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(Page(1)), world.Processor.Read<byte>(Page(2)), world.Processor.Read<byte>(Page(3))));
    }

    [Fact]
    public void An_object_may_be_disposed_after_the_memory_that_its_space_owned()
    {
        var space = new AddressSpace();
        var memoryObject = new MemoryObject(space.Memory, MemoryObjectKind.Memory, Pages(4));
        Must(space.Map(Page(0), Pages(4), ReadWrite, MapFlags.Shared | MapFlags.Fixed, new OpenFile(memoryObject)));
        space.Write(Page(3), 1);
        space.Dispose();
        memoryObject.Dispose();
    }

    [Fact]
    public void A_length_that_ends_in_a_large_page_takes_the_pages_behind_it()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(1024);
        world.Map(0, 1024, file: file);
        Must(world.Space.MarkPresent(Range(0, 1024), PageTableLevel.Pmd));
        file.Object.SetLength(Pages(100));
        Assert.Equal(new string('r', 100) + new string('.', 924), world.Draw(0, 1024));
    }

    [Fact]
    public void A_page_that_its_object_has_dropped_becomes_private_when_it_is_written()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(1);
        world.Map(10, 11, extra: MapFlags.Shared, file: file);
        world.Processor.Write(Page(10), 4);
        world.Map(0, 1, file: file);
        Assert.Equal(4, world.Processor.Read<int>(Page(0)));
        world.Unmap(10, 11);
        file.Object.Dispose();
        world.Processor.Write(At(0, 4), 5);
        Assert.False(world.MappingAt(0).Anon.IsNone);
        using AddressSpace child = world.Space.Fork();
        Assert.Equal((4, 5), (child.Read<int>(Page(0)), child.Read<int>(At(0, 4))));
        AddressSpace.VerifyAll([world.Space, child], []);
    }

    [Fact]
    public void A_hole_reads_as_zero_through_every_mapping_also_when_the_pages_had_a_reader()
    {
        using AccessWorld world = new();
        foreach (OpenFile file in new[] { world.MemoryFile(4), world.NumberedFile(4) })
        {
            world.Map(0, 4, extra: MapFlags.Shared, file: file);
            world.Map(10, 14, extra: MapFlags.Shared, file: file);
            world.Processor.Fill(Range(0, 3), 9);
            Assert.Equal(9, world.Processor.Read<byte>(Page(11)));
            Assert.True(file.Object.TryPunchHole(new PageCount(1), new PageCount(3)));
            Assert.Equal((9, 0, 0, 0), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(Page(1)), world.Processor.Read<byte>(Page(11)), world.Processor.Read<byte>(Page(13))));
            world.Unmap(0, 14);
        }
    }

    [Fact]
    public void REMOVE_gives_back_the_pages_that_nothing_else_maps()
    {
        using AccessWorld world = new();
        world.Map(0, 4, extra: MapFlags.Shared);
        world.Processor.Fill(Range(0, 4), 9);
        world.Advise(1, 3, Advice.Remove);
        Assert.Equal(2UL, world.Memory.DataFrames);
        Assert.Equal((9, 0, 9), (world.Processor.Read<byte>(Page(0)), world.Processor.Read<byte>(Page(1)), world.Processor.Read<byte>(Page(3))));
    }

    [Fact]
    public void What_a_reader_writes_past_the_end_is_not_seen()
    {
        using AccessWorld world = new();
        using MemoryObject memoryObject = new(world.Memory, MemoryObjectKind.File, new ByteLength(100), static (_, bytes) => bytes.Fill(7));
        world.Map(0, 1, file: new OpenFile(memoryObject));
        Assert.Equal((7, 0), (world.Processor.Read<byte>(At(0, 99)), world.Processor.Read<byte>(At(0, 100))));
        world.Unmap(0, 1);
    }

    [Fact]
    public void An_exception_of_the_reader_reaches_the_access_and_leaves_nothing_behind()
    {
        using AccessWorld world = new();
        bool fails = true;
        using MemoryObject memoryObject = new(world.Memory, MemoryObjectKind.File, Pages(1), (_, bytes) =>
        {
            if (fails)
                throw new IOException("unreadable");
            bytes.Fill(3);
        });
        world.Map(0, 1, file: new OpenFile(memoryObject));
        Assert.Throws<IOException>(() => world.Processor.Read<int>(Page(0)));
        Assert.Throws<IOException>(() => world.Processor.Write(Page(0), 1));
        AddressSpace.VerifyAll([world.Space], []);
        fails = false;
        Assert.Equal(3, world.Processor.Read<byte>(Page(0)));
        world.Unmap(0, 1);
    }

    [Fact]
    public void An_object_without_end_has_pages_at_any_place()
    {
        using AccessWorld world = new();
        OpenFile file = new(new MemoryObject(world.Memory, MemoryObjectKind.Memory, new ByteLength(ulong.MaxValue)));
        const ulong Offset = 0x7fff_ffff_ffff_0000;
        Must(world.Space.Map(Page(0), Pages(1), ReadWrite, MapFlags.Shared | MapFlags.Fixed, file, Offset));
        world.Processor.Write(Page(0), 8);
        Assert.True(file.Object.IsResident(new PageCount(Offset >> PageSize.Shift)));
        Assert.Equal(8, world.Processor.Read<int>(Page(0)));
        world.Unmap(0, 1);
        file.Object.Dispose();
    }

    /// <summary>A page cache is a map from page to frame, whatever its pages are; compared with a dictionary after each step.</summary>
    [Fact]
    public void A_page_cache_is_a_map_and_leaves_no_node_behind()
    {
        Gen<ulong> pages = Gen.OneOf(Gen.ULong[0, 20], Gen.ULong[500, 530], Gen.ULong[0, 1UL << 20], Gen.ULong[0, (1UL << 52) - 1]);
        Gen<(int Kind, ulong First, ulong Count)> steps = Gen.Select(Gen.Int[0, 5], pages, Gen.OneOf(Gen.ULong[1, 40], Gen.ULong[1, 1UL << 50]));
        steps.List[1, 40].Sample(
            list =>
            {
                using PhysicalMemory memory = new(new PhysicalMemoryOptions { CapacityBytes = 4 << 20 });
                var cache = new PageCache(memory);
                var model = new Dictionary<ulong, FrameNumber>();
                foreach ((int kind, ulong first, ulong count) in list)
                    Step(memory, cache, model, kind, first, count);
                cache.RemoveRange(0, ulong.MaxValue >> PageSize.Shift, PageRemoval.Release);
                Assert.Equal((0UL, 0UL), (memory.DataFrames, memory.TableFrames));
            },
            iter: 300,
            threads: 1);
    }

    private static void Step(PhysicalMemory memory, PageCache cache, Dictionary<ulong, FrameNumber> model, int kind, ulong first, ulong count)
    {
        if (kind == 0)
        {
            ulong last = first + count - 1;
            cache.RemoveRange(first, last, PageRemoval.Release);
            foreach (ulong page in model.Keys.Where(page => page >= first && page <= last).ToList())
                model.Remove(page);
        }
        else if (!model.ContainsKey(first))
        {
            Assert.True(memory.TryAllocateFrame(zeroed: true, out FrameNumber frame));
            memory.AllocationsUntilFailure = kind == 1 ? (long)(count % 4) : -1;
            bool added = cache.TryAdd(first, frame);
            memory.AllocationsUntilFailure = -1;
            if (added)
                model.Add(first, frame);
            else
                memory.Release(frame);
        }

        foreach ((ulong page, FrameNumber frame) in model)
            Assert.True(cache.TryFind(page, out FrameNumber found) && found == frame);
        Assert.Equal(model.ContainsKey(first), cache.TryFind(first, out _));
        Assert.Equal((ulong)model.Count, memory.DataFrames);
    }

    /// <summary>A space that maps the object, of which the first thing that happens when its pages are to go is that another space forks.</summary>
    private sealed class ForkingMapper(AddressSpace parent) : IObjectMapper
    {
        internal AddressSpace Parent { get; set; } = parent;

        internal AddressSpace? Child { get; private set; }

        public bool IsDisposed => false;

        public void UnmapPages(MemoryObject memoryObject, PageCount first, PageCount count) => Child = Parent.Fork();

        public void UnmapFrom(MemoryObject memoryObject, PageCount first) => Child = Parent.Fork();
    }

    private sealed class WatchingMapper : IObjectMapper
    {
        internal Action? Asked { get; init; }

        internal Action? Unmapping { get; init; }

        public bool IsDisposed
        {
            get
            {
                Asked?.Invoke();
                return false;
            }
        }

        public void UnmapPages(MemoryObject memoryObject, PageCount first, PageCount count) => Unmapping?.Invoke();

        public void UnmapFrom(MemoryObject memoryObject, PageCount first) => Unmapping?.Invoke();
    }
}
