using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>What threads do to an object, or to its descriptors, in the middle of a call on another thread.</summary>
public sealed class ObjectRaceTests
{
    [Fact]
    public void What_is_written_after_the_hole_was_seen_stays()
    {
        foreach (bool hasReader in new[] { false, true })
        {
            using AccessWorld world = new();
            OpenFile file = hasReader ? world.NumberedFile(4) : world.MemoryFile(4);
            file.Object.AddMapper(new Interruption(() =>
            {
                Assert.Equal(0, world.Processor.Read<int>(Page(1)));
                world.Processor.Write(Page(1), 5); // mapped at the end of the call
                world.Processor.Write(Page(2), 6);
                world.Unmap(2, 3); // not mapped any more
            }));
            world.Map(0, 4, extra: MapFlags.Shared, file: file);
            world.Processor.Fill(Range(0, 4), 9);
            world.Advise(1, 4, Advice.Remove);
            world.Map(2, 3, extra: MapFlags.Shared, file: file, filePage: 2);
            Assert.Equal((5, 6, 0), (world.Processor.Read<int>(Page(1)), world.Processor.Read<int>(Page(2)), world.Processor.Read<int>(Page(3))));
        }
    }

    [Fact]
    public void A_private_copy_in_what_grew_after_a_truncation_stays()
    {
        using AccessWorld world = new();
        OpenFile file = world.MemoryFile(4);
        var grower = new Thread(() =>
        {
            file.Object.SetLength(Pages(4));
            world.Processor.Write(Page(2), 8);
        })
        {
            IsBackground = true,
        };
        file.Object.AddMapper(new Interruption(() =>
        {
            grower.Start();
            grower.Join(TimeSpan.FromSeconds(0.2)); // it has to wait
        }));
        world.Map(0, 4, file: file);
        file.Object.SetLength(Pages(1));

        Assert.True(grower.Join(HangGuard.Limit));
        Assert.Equal(8, world.Processor.Read<int>(Page(2)));
    }

    [Fact]
    public void A_descriptor_that_is_closed_while_a_call_uses_it_does_not_take_the_content_along()
    {
        using AccessWorld world = new();
        var memfd = new OpenFile(new MemoryObject(world.Memory, MemoryObjectKind.Memory, Pages(1)) { IsUnlinked = true });
        int descriptor = world.Space.Descriptors.Open(memfd);
        world.Map(0, 1, extra: MapFlags.Shared, file: memfd);
        world.Processor.Write(Page(0), 3);
        world.Unmap(0, 1);
        Assert.True(world.Space.Descriptors.TryHold(descriptor, out OpenFile? held));
        Assert.True(world.Space.Descriptors.Close(descriptor));
        Assert.True(memfd.Object.IsResident(default));
        held.Object.RemoveHolder();
        Assert.False(memfd.Object.IsResident(default));
        Assert.False(world.Space.Descriptors.TryHold(descriptor, out _));
    }

    /// <summary>Maps nothing; acts when it is told to unmap for the first time, between a call's own work and what it does in other spaces.</summary>
    private sealed class Interruption(Action act) : IObjectMapper
    {
        private Action? _act = act;

        public bool IsDisposed => false;

        public void UnmapPages(MemoryObject memoryObject, PageCount first, PageCount count) => Interlocked.Exchange(ref _act, null)?.Invoke();

        public void UnmapFrom(MemoryObject memoryObject, PageCount first) => Interlocked.Exchange(ref _act, null)?.Invoke();
    }
}
