using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>The ring whose memory is mapped twice.</summary>
public sealed class MirroredRingTests
{
    [Fact]
    public void Every_stretch_is_one_span_on_the_running_kernel() => WriteAndRead(SystemKernel.Instance);

    [Fact]
    public void Every_stretch_is_one_span_by_copying() => WriteAndRead(new PortableKernel());

    [Fact]
    public void On_the_engine_both_places_are_the_same_memory()
    {
        using var space = new AddressSpace();
        using var ring = new MirroredRing(3 * 4096, new EngineKernel(space));

        Assert.True(ring.IsMirrored);
        ulong start = space.GetMappings()[0].Start.Value;
        space.Write(new VirtualAddress(start + 5), (byte)7);
        Assert.Equal(7, space.Read<byte>(new VirtualAddress(start + (3 * 4096) + 5)));
        space.Verify();
    }

    [Fact]
    public void Where_the_kernel_refuses_a_second_view_the_ring_copies()
    {
        for (int call = 0; call < 5; call++)
        {
            var kernel = new DecoratedKernel(SystemKernel.Instance) { FailsAt = call };
            try
            {
                using var ring = new MirroredRing(1, kernel);
                Check(ring);
            }
            catch (InsufficientMemoryException)
            {
                Assert.Equal(0, call);
            }
        }
    }

    [Fact]
    public async Task One_thread_writes_while_another_reads()
    {
        const int Total = 1 << 20;
        using var ring = new MirroredRing(1);
        Task writer = Task.Run(
            () =>
            {
                for (int written = 0; written < Total;)
                {
                    Span<byte> room = ring.GetWritableSpan();
                    int count = Math.Min(Math.Min(room.Length, 1000), Total - written);
                    for (int i = 0; i < count; i++)
                        room[i] = (byte)((written + i) % 253);
                    ring.Advance(count);
                    written += count;
                    if (count == 0)
                        Thread.Yield();
                }
            },
            TestContext.Current.CancellationToken);
        for (int read = 0; read < Total;)
        {
            ReadOnlySpan<byte> readable = ring.GetReadableSpan();
            for (int i = 0; i < readable.Length; i++)
            {
                if (readable[i] != (byte)((read + i) % 253))
                    Assert.Fail($"Byte {read + i} is {readable[i]}.");
            }

            ring.Consume(readable.Length);
            read += readable.Length;
            if (readable.Length == 0)
                Thread.Yield();
        }

        await writer;
        Assert.Equal(0, ring.Count);
    }

    [Fact]
    public void It_refuses_what_does_not_fit()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MirroredRing(0));
        var ring = new MirroredRing(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Advance(ring.Capacity + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.Consume(1));
        ring.Dispose();
        Action<MirroredRing>[] members =
        [
            r => _ = r.Count, r => _ = r.Capacity, r => _ = r.IsMirrored, r => r.GetWritableSpan(), r => r.GetReadableSpan(), r => r.Advance(0), r => r.Consume(0), r => r.Write([1]), r => r.Read(new byte[1]),
        ];
        foreach (Action<MirroredRing> member in members)
            Assert.Throws<ObjectDisposedException>(() => member(ring));
        ring.Dispose();
    }

    [Theory]
    [InlineData(FailureKind.RefuseOne)]
    [InlineData(FailureKind.RefuseAllFrom)]
    [InlineData(FailureKind.FailLate)]
    public void Whatever_call_fails_both_places_are_there_or_there_is_no_ring(FailureKind kind)
    {
        bool hasFailed = true;
        for (int call = 0; hasFailed; call++)
        {
            using var space = new AddressSpace();
            var kernel = new DecoratedKernel(new EngineKernel(space)) { Kind = kind, FailsAt = call };
            try
            {
                using var ring = new MirroredRing(2 * 4096, kernel);
                AddressRange all = Assert.Single(space.GetMappings(), m => m.Protection != Protection.None && m.Start.Value % (2 << 20) == 0).Range;
                space.Write(new VirtualAddress(all.Start.Value + 5), (byte)7);
                Assert.Equal(ring.IsMirrored ? 7 : 0, space.Read<byte>(new VirtualAddress(all.Start.Value + (2 * 4096) + 5)));
            }
            catch (InsufficientMemoryException)
            {
                Assert.True(kernel.HasFailed);
            }

            hasFailed = kernel.HasFailed;
            space.Verify();
        }
    }

    private static void WriteAndRead(IMemoryKernel kernel)
    {
        using var ring = new MirroredRing(10_000, kernel);
        Assert.Equal(0, ring.Capacity % (int)kernel.PageSize);
        Assert.Equal(kernel.MovesPages, ring.IsMirrored);
        Check(ring);
    }

    private static void Check(MirroredRing ring)
    {
        var random = new Random(1);
        var model = new Queue<byte>();
        for (int round = 0; round < 300; round++)
        {
            Assert.Equal(ring.Capacity - model.Count, ring.GetWritableSpan().Length);
            var bytes = new byte[random.Next(ring.Capacity)];
            random.NextBytes(bytes);
            foreach (byte value in bytes.AsSpan(0, ring.Write(bytes)))
                model.Enqueue(value);
            Assert.Equal(model.ToArray(), ring.GetReadableSpan());
            var found = new byte[random.Next(ring.Capacity)];
            int count = ring.Read(found);
            for (int i = 0; i < count; i++)
                Assert.Equal(model.Dequeue(), found[i]);
        }
    }
}
