using PageShift.Abi;
using PageShift.SystemCalls;
using PageShift.Tests.Access;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.SystemCalls;

/// <summary>In a space that has grown to its size, calls allocate no managed memory.</summary>
public class CallAllocationTests
{
    private const MapFlags Here = MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed;

    [Fact]
    public void Map_unmap_and_protect_allocate_nothing() => AssertAllocatesNothing(static (world, i) =>
    {
        VirtualAddress at = Page(i * 5 % 1000);
        CallResult mapped = world.Space.Map(at, Pages(8), ReadWrite, Here | ((i & 1) == 0 ? MapFlags.Populate : MapFlags.NoReserve));
        CallResult protect = world.Space.Protect(Page((i * 5 % 1000) + 2), Pages(3), (i & 3) == 0 ? Protection.None : Protection.Read);
        CallResult unmapped = world.Space.Unmap(Page(((i * 5) + 3) % 1000), Pages(2));
        CallResult chosen = world.Space.Map(default, Pages(16), ReadWrite, MapFlags.Private | MapFlags.Anonymous);
        return mapped.Address == at && !protect.IsError && !unmapped.IsError && !world.Space.Unmap(chosen.Address, Pages(16)).IsError;
    });

    [Fact]
    public void Failing_calls_allocate_nothing() => AssertAllocatesNothing(static (world, i) =>
        world.Space.Map(Page(i % 7), default, ReadWrite, Here).Error == Errno.InvalidArgument
        && world.Space.Unmap(At(1, 1), Pages(1)).Error == Errno.InvalidArgument
        && world.Space.Protect(Page(5000), Pages(1), ReadWrite).Error == Errno.OutOfMemory);

    [Fact]
    public void Advice_locks_and_queries_allocate_nothing() => AssertAllocatesNothing(static (world, i) =>
    {
        Span<byte> vector = stackalloc byte[16];
        world.Space.Map(Page(0), Pages(64), ReadWrite, Here | MapFlags.Populate);
        Advice advice = (i % 6) switch
        {
            0 => Advice.DontNeed,
            1 => Advice.Free,
            2 => Advice.GuardInstall,
            3 => Advice.GuardRemove,
            4 => Advice.PopulateWrite,
            _ => Advice.Random,
        };
        return !world.Space.Advise(Page(i % 40), Pages(5), advice).IsError
            && !world.Space.Lock2(Page(50), Pages(2), LockFlags.OnFault).IsError
            && !world.Space.Unlock(Page(50), Pages(2)).IsError
            && !world.Space.InCore(Page(8), Pages(16), vector).IsError
            && !world.Space.Sync(Page(8), Pages(16), SyncFlags.Sync).IsError
            && !world.Space.Break(new VirtualAddress(world.Space.BreakStart.Value + ((ulong)i * 999 % 50_000))).IsError;
    });

    [Fact]
    public void Calls_by_number_allocate_nothing() => AssertAllocatesNothing(static (world, i) =>
        world.Space.Invoke((long)SystemCallNumber.Map, BaseAddress, 0x8000, 3, 0x8032, ulong.MaxValue, 0) == (long)BaseAddress
        && world.Space.Invoke((long)SystemCallNumber.Map, BaseAddress + 0x10000, 0x1000, 3, 0x32, ulong.MaxValue, 0) >= 0
        && world.Space.Invoke((long)SystemCallNumber.InCore, BaseAddress, 0x8000, BaseAddress + 0x10000) == 0
        && world.Space.Invoke((long)SystemCallNumber.Unmap, BaseAddress + 0x1000, 0x2000) == 0);

    private static void AssertAllocatesNothing(Func<AccessWorld, int, bool> call)
    {
        const int Rounds = 2000;
        using AccessWorld world = new();
        for (int i = 0; i < Rounds; i++) // the lists inside grow to their size, the methods are compiled
            Assert.True(call(world, i));
        bool all = true;
        long allocated = AllocatedBytes.Least(() => AllocatedBytes.By(() =>
        {
            for (int i = 0; i < Rounds; i++)
                all &= call(world, i);
        }));
        Assert.True(all);
        Assert.Equal(0, allocated);
    }
}
