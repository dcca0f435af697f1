using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>Readers of memory objects, which are somebody else's code and may take their time: what they keep waiting sleeps, and what has nothing to do with them goes on.</summary>
public sealed class PageReaderTests
{
    [Fact]
    public void Other_pages_of_the_space_are_faulted_in_while_a_reader_is_at_work()
    {
        using AccessWorld world = new();
        using VirtualProcessor second = world.Space.CreateProcessor();
        bool wentOn = false;
        using MemoryObject file = new(world.Memory, MemoryObjectKind.File, Pages(1), (_, page) =>
        {
            wentOn = RunElsewhere(() => second.Write(Page(8), 1));
            page.Fill(5);
        });
        world.Map(0, 1, file: new OpenFile(file));
        world.Map(8, 9);

        Assert.Equal(5, world.Processor.Read<byte>(Page(0)));
        Assert.True(wentOn);
        AddressSpace.VerifyAll([world.Space], []);
    }

    [Fact]
    public void A_page_that_two_fault_in_at_once_is_read_once_and_counted_right()
    {
        using AccessWorld world = new();
        using VirtualProcessor second = world.Space.CreateProcessor();
        byte seen = 0;
        int reads = 0;
        var other = new Thread(() => seen = second.Read<byte>(Page(1)));
        using MemoryObject file = new(world.Memory, MemoryObjectKind.File, Pages(4), (_, page) =>
        {
            reads++;
            other.Start();
            Assert.True(SpinWait.SpinUntil(() => (other.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit));
            page.Fill(5);
        });
        world.Map(0, 4, file: new OpenFile(file), extra: MapFlags.Shared);

        Assert.Equal(5, world.Processor.Read<byte>(Page(1)));
        Assert.True(other.Join(HangGuard.Limit));

        Assert.Equal((5, 1), (seen, reads));
        AddressSpace.VerifyAll([world.Space], [file]);
    }

    [Fact]
    public void What_waits_for_a_call_whose_reader_takes_its_time_sleeps_and_then_goes_on()
    {
        using AccessWorld world = new();
        Exception? failure = null;
        Thread access = Waiting(() => Assert.Equal(0, world.Processor.Read<int>(Page(8))));
        Thread call = Waiting(() => world.Map(11, 12));
        using MemoryObject file = new(world.Memory, MemoryObjectKind.File, Pages(1), (_, page) =>
        {
            foreach (Thread thread in new[] { access, call })
            {
                thread.Start();
                Assert.True(SpinWait.SpinUntil(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit));
            }
        });
        world.Map(8, 9);

        world.Map(0, 1, file: new OpenFile(file), extra: MapFlags.Populate);

        Assert.True(access.Join(HangGuard.Limit) && call.Join(HangGuard.Limit));
        Assert.Null(failure);
        Assert.Equal(3, world.Space.MappingCount);

        Thread Waiting(Action action) => new(() =>
        {
            try
            {
                action();
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_cut_off_is_zero_when_the_file_grows_again(bool isResident)
    {
        using AccessWorld world = new();
        using MemoryObject file = new(world.Memory, Enumerable.Repeat((byte)5, 3 * 4096).ToArray());
        world.Map(0, 3, file: new OpenFile(file));
        if (isResident)
            Assert.Equal(AccessFault.None, world.Processor.TryTouch(new AddressRange(Page(0), Page(3)), AccessKind.Read));

        file.SetLength(new ByteLength(4096 + 100));
        file.SetLength(new ByteLength(3 * 4096));

        byte[] seen = new byte[3 * 4096];
        world.Processor.Read(Page(0), seen);
        Assert.Equal([.. Enumerable.Repeat((byte)5, 4096 + 100), .. new byte[(2 * 4096) - 100]], seen);
    }

    [Fact]
    public void A_reader_that_uses_its_own_object_is_told()
    {
        using AccessWorld world = new();
        MemoryObject? own = null;
        Action use = () => { };
        using MemoryObject file = new(world.Memory, MemoryObjectKind.File, Pages(4), (_, _) => use());
        own = file;
        world.Map(0, 4, file: new OpenFile(file));
        using VirtualProcessor second = world.Space.CreateProcessor();
        foreach (Action tried in new Action[] { () => own.SetLength(Pages(1)), () => own.IsResident(default), () => own.TryPunchHole(default, new PageCount(1)), own.Dispose, () => second.Read<int>(Page(1)) })
        {
            use = tried;
            Assert.Throws<InvalidOperationException>(() => world.Processor.Read<int>(Page(0)));
        }

        use = () => { };
        Assert.Equal(0, world.Processor.Read<int>(Page(0)));
        Assert.Equal(Pages(4), file.Length);
        AddressSpace.VerifyAll([world.Space], [file]);
    }

    private static bool RunElsewhere(Action action)
    {
        var thread = new Thread(() => action()) { IsBackground = true };
        thread.Start();
        return thread.Join(HangGuard.Limit);
    }
}
