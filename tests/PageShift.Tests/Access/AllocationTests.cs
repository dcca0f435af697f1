using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Translation;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>No access allocates managed memory: not a hit, not a miss, not a fault of any kind, not a failure.</summary>
public class AllocationTests
{
    private const int Rounds = 100_000;
    private const int Mapped = 20_000;

    // Now and then the runtime enlarges a table of its own on this thread: that of its casts has up to 4,096 entries of 24 bytes. The smallest object a fault could allocate, 24 bytes, would make 480,000.
    private const long RuntimeNoise = 100_000;

    [Fact]
    public void Hits_allocate_nothing()
    {
        using AccessWorld world = new();
        world.Map(0, 4);
        AssertAllocatesNothing(world, static (processor, i) =>
        {
            var at = new VirtualAddress(BaseAddress + (((ulong)i * 24) % 16_000));
            return processor.TryWrite(at, (long)i) | processor.TryRead(at, out long _);
        });
    }

    [Fact]
    public void Misses_walks_and_faults_allocate_nothing()
    {
        using AccessWorld world = new(new PhysicalMemory());
        world.Map(0, Mapped);
        AssertAllocatesNothing(world, static (processor, i) =>
        {
            // Reads that map the zero page, then writes that replace it, then misses.
            VirtualAddress at = At((i * 7) % Mapped, 16);
            return i < Rounds / 3 ? processor.TryRead(at, out long _) : processor.TryWrite(at, (long)i);
        });
        Assert.True(world.Memory.DataFrames >= Mapped);
    }

    [Fact]
    public void Faults_on_objects_allocate_nothing()
    {
        using AccessWorld world = new(new PhysicalMemory());
        world.Map(0, Mapped, extra: MapFlags.Shared);
        OpenFile file = world.NumberedFile(Mapped);
        world.Map(Mapped, 2 * Mapped, file: file);
        AssertAllocatesNothing(world, static (processor, i) =>
        {
            VirtualAddress at = At((i * 7) % (2 * Mapped), 16);
            return (i & 1) == 0 ? processor.TryRead(at, out long _) : processor.TryWrite(at, (long)i);
        });
        AddressSpace.VerifyAll([world.Space], []);
    }

    [Fact]
    public void Copies_fills_and_scopes_allocate_nothing()
    {
        using AccessWorld world = new();
        world.Map(0, 64);
        AssertAllocatesNothing(world, static (processor, i) =>
        {
            Span<byte> bytes = stackalloc byte[200];
            VirtualAddress at = At(i % 60, 4000);
            using (AccessScope scope = processor.EnterAccess())
            {
                scope.Write(at, i);
                if (scope.Read<int>(at) != i)
                    return AccessFault.NotMapped;
            }

            return processor.TryRead(at, bytes, out _) | processor.TryWrite(at, bytes, out _) | processor.TryFill(new AddressRange(at, new ByteLength(300)), 1, out _);
        });
    }

    [Fact]
    public void Failures_allocate_nothing()
    {
        using AccessWorld world = new();
        world.Map(0, 1, Protection.Read);
        AssertAllocatesNothing(world, static (processor, i) =>
            processor.TryWrite(Page(0), i) == AccessFault.NotPermitted
            && processor.TryRead(Page(2), out int _) == AccessFault.NotMapped
            && processor.TryRead(new VirtualAddress(1UL << 60), out int _) == AccessFault.NonCanonical
                ? AccessFault.None
                : AccessFault.OutOfMemory);
    }

    private static void AssertAllocatesNothing(AccessWorld world, Func<VirtualProcessor, int, AccessFault> access)
    {
        access(world.Processor, 0); // first calls: the runtime's own allocations, not ours
        access(world.Processor, 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AccessFault worst = AccessFault.None;
        for (int i = 0; i < Rounds; i++)
            worst |= access(world.Processor, i);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, RuntimeNoise);
        Assert.Equal(AccessFault.None, worst);
    }
}
