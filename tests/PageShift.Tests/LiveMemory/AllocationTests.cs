using PageShift.Memory;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>In steady state no operation allocates managed memory: measured, one by one, once each has run.</summary>
public sealed class AllocationTests
{
    private const long MiB = 1 << 20;

    private static readonly (string Name, Action<World> Run)[] Operations =
    [
        ("insert and remove page tables", w => { w.Buffer.Insert(16 * MiB, 2 * MiB); w.Buffer.Remove(20 * MiB, 2 * MiB); }),
        ("insert and remove pages", w => { w.Buffer.Insert(3 * w.Page, 5 * w.Page); w.Buffer.Remove(40 * w.Page, 5 * w.Page); }),
        ("move", w => { w.Buffer.Move(2 * MiB, 9 * MiB, 4 * MiB); w.Buffer.Write(2 * MiB, [1]); }),
        ("exchange pages", w => w.Buffer.Exchange(0, 32 * MiB, 4 * MiB)),
        ("exchange bytes", w => w.Buffer.Exchange(0, 32 * MiB, w.Page)),
        ("slide", w => w.Buffer.Slide(2 * MiB)),
        ("drop the front and grow", w => { w.Buffer.DropFront(w.Page); w.Grow(); }),
        ("append", w => { w.Other.Resize(2 * MiB); w.Buffer.Append(w.Other); w.Buffer.Resize(w.Buffer.Length - (2 * MiB)); }),
        ("insert another's pages", w => { w.Other.Resize(2 * MiB); w.Buffer.Insert(4 * MiB, w.Other); w.Buffer.Resize(w.Buffer.Length - (2 * MiB)); }),
        ("clear and populate", w => { w.Buffer.Clear(100, MiB); w.Buffer.Populate(0, MiB); }),
        ("copy, read and write", w => { w.Buffer.CopyWithin(5, 9000, 70_000); w.Buffer.Read(7, w.Block); w.Buffer.Write(77, w.Block); }),
        ("a lease", w => { using PageLease lease = w.Buffer.Lease(); lease.AsSpan(3, 100).Fill(1); }),
        ("a pin", w => w.Buffer.Pin(3).Dispose()),
        ("a list's values", w =>
        {
            for (int i = 0; i < 3000; i++)
                w.List.Add(i);
            w.List.AddRange(w.Numbers);
            w.List.InsertRange(100, 4 * MiB);
            w.List.RemoveRange(50, w.List.Count - 50);
        }),
        ("a stream's bytes", w =>
        {
            w.Stream.Write(w.Block);
            w.Stream.Insert(10, 8 * w.Page);
            w.Stream.Remove(20, 8 * w.Page);
            w.Stream.Position = 0;
            _ = w.Stream.Read(w.Block);
            w.Stream.SetLength(100);
        }),
        ("a ring's bytes", w => { w.Ring.Write(w.Block); _ = w.Ring.Read(w.Block); }),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Operations.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Nothing_is_allocated(int index)
    {
        using var world = new World();
        Action<World> run = Operations[index].Run;
        for (int i = 0; i < 50; i++)
            run(world);
        long allocated = AllocatedBytes.Least(() => AllocatedBytes.By(() =>
        {
            for (int i = 0; i < 20; i++)
                run(world);
        }));

        Assert.True(allocated == 0, $"{Operations[index].Name}: {allocated} bytes");
    }

    private sealed class World : IDisposable
    {
        internal PageBuffer Buffer { get; } = new(64 * MiB, new PageBufferOptions { Capacity = 256 * MiB, Costs = MoveCosts.Typical });

        internal PageBuffer Other { get; } = new(0, new PageBufferOptions { Capacity = 4 * MiB, Costs = MoveCosts.Typical });

        internal PageList<int> List { get; } = new(1 << 24, new PageBufferOptions { Costs = MoveCosts.Typical });

        internal PageStream Stream { get; } = new(16 * MiB);

        internal MirroredRing Ring { get; } = new(1 << 16);

        internal byte[] Block { get; } = new byte[10_000];

        internal int[] Numbers { get; } = new int[50_000];

        internal long Page => Buffer.PageSize;

        public void Dispose()
        {
            Buffer.Dispose();
            Other.Dispose();
            List.Dispose();
            Stream.Dispose();
            Ring.Dispose();
        }

        internal void Grow()
        {
            if (Buffer.Capacity < Buffer.Length + Page)
                Buffer.Reserve(4 * Buffer.Length);
            Buffer.Resize(Buffer.Length + Page);
        }
    }
}
