using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Execution;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Tests.Linux;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>Which ranges can be registered with a userfaultfd: the kernel's answer is the engine's.</summary>
public sealed class WatchedRangeTests
{
    private const ulong Start = 0x10000000;
    private const ulong Page = PageSize.Bytes;
    private const ulong NoDescriptor = ulong.MaxValue;

    private static readonly AddressRange Watched = new(new VirtualAddress(Start), new ByteLength(4 * Page));

    /// <summary>Mappings: the number of the page, how many pages, the access and the flags.</summary>
    public static TheoryData<string, (ulong First, ulong Count, Protection Access, MapFlags Flags)[], int> Ranges => new()
    {
        { "nothing", [], (int)Errno.InvalidArgument },
        { "private memory", [(0, 4, Protection.Read, MapFlags.Private)], 0 },
        { "shared memory", [(0, 4, Protection.Read, MapFlags.Shared)], 0 },
        { "a hole at the start", [(2, 2, Protection.None, MapFlags.Private)], 0 },
        { "a hole in the middle", [(0, 1, Protection.None, MapFlags.Private), (3, 4, Protection.Read, MapFlags.Private)], 0 },
        { "beside the range alone", [(4, 4, Protection.Read, MapFlags.Private)], (int)Errno.InvalidArgument },
        { "droppable memory", [(0, 2, Protection.Read, MapFlags.Private), (2, 2, Protection.Read, MapFlags.Droppable)], (int)Errno.InvalidArgument },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void The_engine_registers_what_the_kernel_registers(string what, (ulong First, ulong Count, Protection Access, MapFlags Flags)[] mappings, int expected)
    {
        using var space = new AddressSpace();
        foreach ((ulong first, ulong count, Protection access, MapFlags flags) in mappings)
            Assert.False(space.Map(new VirtualAddress(Start + (first * Page)), new ByteLength(count * Page), access, flags | MapFlags.Anonymous | MapFlags.Fixed).IsError, what);
        Assert.Equal((Errno)expected, space.WatchMissing(Watched));
        space.Verify();

        using KernelExecutor executor = OrSkip();
        foreach ((ulong first, ulong count, Protection access, MapFlags flags) in mappings)
        {
            ulong bits = (ulong)(flags | MapFlags.Anonymous | MapFlags.Fixed);
            CallResult mapped = executor.Invoke(SystemCallNumber.Map, new CallArguments(Start + (first * Page), count * Page, (ulong)access, bits, NoDescriptor)).Result;
            Assert.SkipWhen(mapped.IsError, $"This kernel does not map {what}.");
        }

        Assert.Equal((Errno)expected, executor.WatchMissing(Watched).Error);
    }

    [Fact]
    public void Shared_memory_that_can_t_become_writable_is_not_registered()
    {
        using var memory = new PhysicalMemory();
        using var space = new AddressSpace(memory);
        using var file = new MemoryObject(memory, MemoryObjectKind.Memory, new ByteLength(4 * Page));
        space.Map(Watched.Start, Watched.Length, Protection.Read, MapFlags.Shared | MapFlags.Fixed, new OpenFile(file) { CanWrite = false });
        Assert.Equal(Errno.OperationNotPermitted, space.WatchMissing(Watched));

        using KernelExecutor executor = OrSkip();
        int descriptor = (int)executor.CreateMemoryFile(Watched.Length).Raw;
        int reading = (int)executor.OpenFile($"/proc/self/fd/{descriptor}", flags: 0).Raw;
        Assert.SkipWhen(reading < 0, "There is no /proc/self/fd here.");
        Assert.False(executor.Invoke(SystemCallNumber.Map, new CallArguments(Start, Watched.Length.Value, (ulong)Protection.Read, (ulong)(MapFlags.Shared | MapFlags.Fixed), (ulong)reading)).Result.IsError);
        Assert.Equal(Errno.OperationNotPermitted, executor.WatchMissing(Watched).Error);
    }

    [Fact]
    public void The_kernels_own_mapping_and_secret_memory_are_not_registered()
    {
        using var memory = new PhysicalMemory();
        using var space = new AddressSpace(memory);
        space.AdoptMapping(Watched, VmFlags.Read | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.DontExpand | VmFlags.Special, null, null);
        Assert.Equal(Errno.InvalidArgument, space.WatchMissing(Watched));
        using var secret = new MemoryObject(memory, MemoryObjectKind.SecretMemory, Watched.Length);
        space.AdoptHole(Watched);
        space.Map(Watched.Start, Watched.Length, Protection.Read | Protection.Write, MapFlags.Shared | MapFlags.Fixed, new OpenFile(secret));
        Assert.Equal(Errno.InvalidArgument, space.WatchMissing(Watched));

        using KernelExecutor executor = OrSkip();
        Assert.SkipWhen(executor.PlaceVdso(Watched.Start, new ByteLength(2 * Page)) is not null, "This kernel maps no vdso anew.");
        Assert.Equal(Errno.InvalidArgument, executor.WatchMissing(Watched).Error);
    }

    [Fact]
    public void Where_somebody_serves_a_range_unseen_its_pages_come_in()
    {
        using var space = new AddressSpace();
        const VmFlags flags = VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.UserFault;
        space.AdoptMapping(Watched, flags, null, null);
        Assert.Equal(CallResult.Success, space.Advise(Watched.Start, Watched.Length, Advice.PopulateWrite));
        space.Map(new VirtualAddress(0x20000000), Watched.Length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        Assert.Equal(Errno.None, space.WatchMissing(new AddressRange(new VirtualAddress(0x20000000), Watched.Length)));
        Assert.Equal(Errno.BadAddress, space.Advise(new VirtualAddress(0x20000000), Watched.Length, Advice.PopulateWrite).Error);
    }

    private static KernelExecutor OrSkip()
    {
        KernelExecutor executor = StartedExecutor.OrSkip();
        executor.Map(0x20000000, Page);
        CallResult registered = executor.WatchMissing(new AddressRange(new VirtualAddress(0x20000000), new ByteLength(Page)));
        if (registered.IsError)
        {
            executor.Dispose();
            Assert.Skip($"There is no userfaultfd here: {registered.Error}.");
        }

        return executor;
    }
}
