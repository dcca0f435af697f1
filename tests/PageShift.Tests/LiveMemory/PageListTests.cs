using CsCheck;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>The list beside a <see cref="List{T}"/>, and what it allocates.</summary>
public sealed class PageListTests
{
    private static readonly Gen<(int Operation, int First, int Second)[]> Steps = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 1 << 20], Gen.Int[0, 1 << 20]).Array[1, 40];

    [Fact]
    public void Random_operations_give_the_same_as_a_list() => Steps.Sample(
        steps =>
        {
            foreach (IMemoryKernel kernel in (IMemoryKernel[])[SystemKernel.Instance, new PortableKernel()])
            {
                using var list = new PageList<long>(new PageBuffer(0, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical }, kernel));
                var model = new List<long>();
                foreach ((int operation, int first, int second) in steps)
                    Make(list, model, operation, first, second);
                Assert.Equal(model.Count, list.Count);
                Assert.True(list.AsSpan(0, model.Count).SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)));
            }
        },
        iter: 150 * ModelRun.Factor);

    [Fact]
    public void Values_that_are_no_part_of_a_page_keep_their_places()
    {
        using var list = new PageList<(long, int, byte)>();
        for (int i = 0; i < 1000; i++)
            list.Add((i, i, (byte)i));
        list.InsertRange(500, 4096); // a multiple of the page size, from the middle of a page on
        list.RemoveRange(500, 4096);
        for (int i = 0; i < 1000; i++)
            Assert.Equal((i, i, (byte)i), list[i]);
    }

    [Fact]
    public void In_steady_state_nothing_is_allocated()
    {
        using var list = new PageList<int>(1 << 20);
        using var buffer = new PageBuffer(64L << 20);
        long page = buffer.PageSize;
        long allocated = AllocatedBytes.Least(() => AllocatedBytes.By(() =>
        {
            for (int i = 0; i < 1000; i++)
                list.Add(i);
            list.InsertRange(100, 1024);
            list.RemoveRange(0, 2024);
            buffer.Insert(16 << 20, 2 << 20);
            buffer.Exchange(0, 32 << 20, 2 << 20);
            buffer.Remove(32 << 20, 2 << 20);
            buffer.Slide(page);
            using PageLease lease = buffer.Lease();
            lease.AsSpan(0, 100).Fill(1);
        }));

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void It_refuses_indices_that_are_not_in_it()
    {
        using var list = new PageList<int>();
        list.Add(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => list[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => list[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => list.RemoveRange(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => list.InsertRange(2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => list.AsSpan(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => list.Advance(int.MaxValue));
        list.Dispose();
        Action<PageList<int>>[] members =
        [
            l => l.Add(1), l => l.AddRange([1]), l => l.InsertRange(0, [1]), l => l.InsertRange(0, 1), l => l.RemoveRange(0, 0), l => l.Clear(), l => l.TrimExcess(), l => l.AsSpan(0, 0),
            l => l.GetSpan(), l => l.GetMemory(), l => l.Advance(0), l => _ = l.Count, l => _ = l.Buffer, l => _ = l[0],
        ];
        foreach (Action<PageList<int>> member in members)
            Assert.Throws<ObjectDisposedException>(() => member(list));
        list.Dispose();
    }

    [Fact]
    public void It_follows_its_buffer_whoever_shifts_the_pages()
    {
        int perPage = Environment.SystemPageSize / sizeof(int);
        using var list = new PageList<int>(8 * perPage);
        list.AddRange([.. Enumerable.Range(0, 8 * perPage)]);
        Memory<int> room = list.GetMemory(10);
        list.Buffer.DropFront(2 * Environment.SystemPageSize);
        Assert.Equal(2 * perPage, list[0]);
        list.Buffer.Reserve(100 << 20);
        Assert.Equal(3 * perPage, list[perPage]);
        list.Buffer.Resize(Environment.SystemPageSize);

        Assert.Equal(perPage, list.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => list[perPage]);
        Assert.Throws<InvalidOperationException>(() => room.Span[0]);
        list.Add(5);
        Assert.Equal(5, list[perPage]);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1024)]
    [InlineData(4096)]
    public void Values_can_be_inserted_from_the_room_behind_the_last(int count)
    {
        using var list = new PageList<int>();
        list.AddRange([.. Enumerable.Range(0, 100)]);
        Span<int> room = list.GetSpan(count)[..count];
        for (int i = 0; i < count; i++)
            room[i] = 1000 + i;
        list.InsertRange(50, room);
        Assert.Equal([.. Enumerable.Range(0, 50), .. Enumerable.Range(1000, count), .. Enumerable.Range(50, 50)], list.AsSpan(0, (int)list.Count).ToArray());

        room = list.GetSpan(count)[..count];
        room.Fill(7);
        list.AddRange(room);
        Assert.Equal(7, list[list.Count - 1]);
    }

    [Fact]
    public void While_a_lease_is_held_no_value_moves()
    {
        int perPage = Environment.SystemPageSize / sizeof(int);
        using var list = new PageList<int>();
        list.AddRange([.. Enumerable.Range(0, 8 * perPage)]);
        using (list.Buffer.Lease())
        {
            Assert.Throws<InvalidOperationException>(() => list.RemoveRange(10, perPage));
            Assert.Throws<InvalidOperationException>(() => list.RemoveRange(10, 10));
            Assert.Throws<InvalidOperationException>(() => list.InsertRange(10, perPage));
            Assert.Throws<InvalidOperationException>(() => list.InsertRange(10, 10));
        }

        Assert.True(list.AsSpan(0, 8 * perPage).SequenceEqual([.. Enumerable.Range(0, 8 * perPage)]));
    }

    private static void Make(PageList<long> list, List<long> model, int operation, int first, int second)
    {
        int perPage = Environment.SystemPageSize / sizeof(long);
        int index = first % (model.Count + 1);
        switch (operation)
        {
            case 0:
                list.Add(second);
                model.Add(second);
                break;
            case 1:
                long[] values = [.. Enumerable.Range(first, second % 3000)];
                list.AddRange(values);
                model.AddRange(values);
                break;
            case 2:
                int pages = second % 5 * perPage;
                list.InsertRange(index, pages);
                model.InsertRange(index, new long[pages]);
                break;
            case 3:
                long[] inserted = [.. Enumerable.Range(first, second % 1000)];
                list.InsertRange(index, inserted);
                model.InsertRange(index, inserted);
                break;
            case 4:
                int count = Math.Min(second % 5 * perPage, model.Count - index);
                list.RemoveRange(index, count);
                model.RemoveRange(index, count);
                break;
            case 5:
                list.GetSpan(10)[..10].Fill(second);
                list.Advance(10);
                model.AddRange(Enumerable.Repeat((long)second, 10));
                break;
            default:
                list.TrimExcess();
                list.GetMemory(3).Span[2] = 7;
                break;
        }
    }
}
