using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Physical;

/// <summary>Physical memory that is disposed while something still lives on it: what is tried then is refused, and never touches memory that is gone.</summary>
public sealed class DisposedMemoryTests
{
    private const Protection ReadWrite = Protection.Read | Protection.Write;
    private static readonly VirtualAddress Start = new(0x4000_0000);
    private static readonly ByteLength Length = new(16 * PageSize.Bytes);

    [Fact]
    public void Accesses_of_a_space_on_it_are_refused()
    {
        var memory = new PhysicalMemory();
        using AddressSpace space = SpaceOn(memory);
        using VirtualProcessor processor = space.CreateProcessor();
        processor.Write(Start, 1);

        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => processor.Read<int>(Start));
        Assert.Throws<ObjectDisposedException>(() => processor.TryWrite(Start, 1));
        Assert.Throws<ObjectDisposedException>(() => processor.TryTouch(new AddressRange(Start, Length), AccessKind.Read));
        Assert.Throws<ObjectDisposedException>(() => processor.EnterAccess().Dispose());
        Assert.Throws<ObjectDisposedException>(() => space.Read<int>(Start));
    }

    [Fact]
    public void Calls_on_a_space_on_it_are_refused()
    {
        var memory = new PhysicalMemory();
        using AddressSpace space = SpaceOn(memory);

        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => space.Map(Start, Length, ReadWrite, MapFlags.Private | MapFlags.Anonymous));
        Assert.Throws<ObjectDisposedException>(() => space.Unmap(Start, Length));
        Assert.Throws<ObjectDisposedException>(() => space.Remap(Start, Length, Length + Length, RemapFlags.MayMove));
        Assert.Throws<ObjectDisposedException>(() => space.Invoke((long)SystemCallNumber.Break));
        Assert.Throws<ObjectDisposedException>(space.Fork);
        Assert.Throws<ObjectDisposedException>(space.CreateProcessor);
        Assert.Throws<ObjectDisposedException>(() => space.GetMappings());
        Assert.Throws<ObjectDisposedException>(space.Verify);
        space.Dispose();
    }

    [Fact]
    public void Calls_of_an_object_on_it_are_refused()
    {
        var memory = new PhysicalMemory();
        using var unmapped = new MemoryObject(memory, MemoryObjectKind.Memory, Length);
        using var file = new MemoryObject(memory, MemoryObjectKind.File, Length, static (_, page) => page.Fill(1));
        using var space = new AddressSpace(memory);
        Assert.False(space.Map(Start, Length, ReadWrite, MapFlags.Shared | MapFlags.Populate, new OpenFile(file)).IsError);

        memory.Dispose();

        foreach (MemoryObject memoryObject in new[] { unmapped, file })
        {
            Assert.Throws<ObjectDisposedException>(() => memoryObject.IsResident(default));
            Assert.Throws<ObjectDisposedException>(() => memoryObject.SetLength(default));
            Assert.Throws<ObjectDisposedException>(() => memoryObject.TryPunchHole(default, new PageCount(1)));
            Assert.Equal(Length, memoryObject.Length);
            memoryObject.Dispose();
        }
    }

    [Fact]
    public void Nothing_new_is_made_on_it()
    {
        var memory = new PhysicalMemory(new PhysicalMemoryOptions { CapacityBytes = 4 << 20, Fenced = true });
        memory.Dispose();
        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => new AddressSpace(memory));
        Assert.Throws<ObjectDisposedException>(memory.VerifyFences);
    }

    [Fact]
    public void All_spaces_on_it_end_those_of_forks_too()
    {
        var memory = new PhysicalMemory();
        using AddressSpace space = SpaceOn(memory);
        using AddressSpace child = space.Fork();
        using AddressSpace other = SpaceOn(memory);

        memory.Dispose();

        Assert.All([space, child, other], ended => Assert.Throws<ObjectDisposedException>(() => ended.Read<int>(Start)));
    }

    [Fact]
    public void Memory_that_a_space_made_for_itself_lives_as_long_as_the_last_of_its_family()
    {
        var space = new AddressSpace();
        using var file = new MemoryObject(space.Memory, MemoryObjectKind.Memory, Length);
        Assert.False(space.Map(Start, Length, ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError);
        space.Write(Start, 1);
        AddressSpace child = space.Fork();
        space.Dispose();

        Assert.Equal(1, child.Read<int>(Start));
        Assert.False(file.IsResident(default));
        child.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.IsResident(default));
        Assert.Throws<ObjectDisposedException>(() => new AddressSpace(file.Memory));
    }

    [Fact]
    public void It_stays_while_the_same_thread_is_inside_an_access_and_goes_with_the_space_then()
    {
        var memory = new PhysicalMemory();
        AddressSpace space = SpaceOn(memory);
        VirtualProcessor processor = space.CreateProcessor();
        using (AccessScope scope = processor.EnterAccess())
        {
            scope.Write(Start, 7);
            Assert.Throws<InvalidOperationException>(memory.Dispose);
            Assert.Equal(7, scope.Read<int>(Start));
        }

        Assert.Equal(7, processor.Read<int>(Start));
        Assert.Throws<ObjectDisposedException>(() => new AddressSpace(memory));
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => processor.Read<int>(Start));
    }

    [Fact]
    public void An_access_under_way_on_another_thread_is_waited_for()
    {
        var memory = new PhysicalMemory();
        AddressSpace space = SpaceOn(memory);
        VirtualProcessor processor = space.CreateProcessor();
        var disposing = new Thread(memory.Dispose);
        using (AccessScope scope = processor.EnterAccess())
        {
            scope.Write(Start, 7);
            disposing.Start();
            Assert.True(SpinWait.SpinUntil(() => (disposing.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit));
            Assert.Equal(7, scope.Read<int>(Start));
        }

        Assert.True(disposing.Join(HangGuard.Limit));
        Assert.Throws<ObjectDisposedException>(() => processor.Read<int>(Start));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_fault_inside_an_access_that_lets_the_end_in_is_refused(bool endsMemory)
    {
        var memory = new PhysicalMemory();
        AddressSpace space = SpaceOn(memory);
        VirtualProcessor processor = space.CreateProcessor();
        var disposing = new Thread(endsMemory ? memory.Dispose : space.Dispose);
        using (AccessScope scope = processor.EnterAccess())
        {
            Assert.Equal(0, scope.Read<int>(Start)); // the page of zeroes, which a write has to replace
            disposing.Start();
            Assert.True(SpinWait.SpinUntil(() => (disposing.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit));
            Assert.Equal(AccessFault.NotMapped, scope.TryWrite(Start, 7));
        }

        Assert.True(disposing.Join(HangGuard.Limit));
        Assert.Throws<ObjectDisposedException>(() => processor.Read<int>(Start));
        memory.Dispose();
    }

    private static AddressSpace SpaceOn(PhysicalMemory memory)
    {
        var space = new AddressSpace(memory);
        Assert.False(space.Map(Start, Length, ReadWrite, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed).IsError);
        return space;
    }
}
