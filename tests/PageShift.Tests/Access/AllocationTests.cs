using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Physical;
using PageShift.Translation;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>No access allocates managed memory: not a hit, not a miss, not a fault of any kind, not a failure.</summary>
public class AllocationTests
{
    private const int Rounds = 100_000;
    private const int Mapped = 20_000;

    [Fact]
    public void Hits_allocate_nothing()
    {
        AssertAllocatesNothing(static world => world.Map(0, 4), static (processor, i) =>
        {
            var at = new VirtualAddress(BaseAddress + (((ulong)i * 24) % 16_000));
            return processor.TryWrite(at, (long)i) | processor.TryRead(at, out long _);
        });
    }

    [Fact]
    public void Misses_walks_and_faults_allocate_nothing()
    {
        AssertAllocatesNothing(static world => world.Map(0, Mapped), static (processor, i) =>
        {
            // Reads that map the zero page, then writes that replace it, then misses.
            VirtualAddress at = At((i * 7) % Mapped, 16);
            return i < Rounds / 3 ? processor.TryRead(at, out long _) : processor.TryWrite(at, (long)i);
        }, static world => Assert.True(world.Memory.DataFrames >= Mapped));
    }

    [Fact]
    public void Faults_on_objects_allocate_nothing()
    {
        AssertAllocatesNothing(MapObjects, static (processor, i) =>
        {
            VirtualAddress at = At((i * 7) % (2 * Mapped), 16);
            return (i & 1) == 0 ? processor.TryRead(at, out long _) : processor.TryWrite(at, (long)i);
        }, static world => AddressSpace.VerifyAll([world.Space], []));

        static void MapObjects(AccessWorld world)
        {
            world.Map(0, Mapped, extra: MapFlags.Shared);
            world.Map(Mapped, 2 * Mapped, file: world.NumberedFile(Mapped));
        }
    }

    [Fact]
    public void Copies_fills_and_scopes_allocate_nothing()
    {
        AssertAllocatesNothing(static world => world.Map(0, 64), static (processor, i) =>
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
        AssertAllocatesNothing(static world => world.Map(0, 1, Protection.Read), static (processor, i) =>
            processor.TryWrite(Page(0), i) == AccessFault.NotPermitted
            && processor.TryRead(Page(2), out int _) == AccessFault.NotMapped
            && processor.TryRead(new VirtualAddress(1UL << 60), out int _) == AccessFault.NonCanonical
                ? AccessFault.None
                : AccessFault.OutOfMemory);
    }

    /// <summary>Makes the accesses in a world of their own, and again in a new one where something was allocated, which need not be theirs.</summary>
    private static void AssertAllocatesNothing(Action<AccessWorld> map, Func<VirtualProcessor, int, AccessFault> access, Action<AccessWorld>? check = null) =>
        Assert.Equal(0, AllocatedBytes.Least(() =>
        {
            using AccessWorld world = new(new PhysicalMemory());
            map(world);
            access(world.Processor, 0); // first calls: the runtime's own allocations, not ours
            access(world.Processor, 1);
            AccessFault worst = AccessFault.None;
            long allocated = AllocatedBytes.By(() =>
            {
                for (int i = 0; i < Rounds; i++)
                    worst |= access(world.Processor, i);
            });
            Assert.Equal(AccessFault.None, worst);
            check?.Invoke(world);
            return allocated;
        }));
}
