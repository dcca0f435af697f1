using CsCheck;
using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using PageShift.Tests.Model;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Pushing live ranges together.</summary>
public sealed class CompactionTests
{
    private const int Pages = 60;

    private static readonly Gen<(bool[] Live, bool KeepsOrder)> Layouts = Gen.Select(Gen.Bool.Array[Pages], Gen.Bool);

    [Fact]
    public void On_the_engine_each_range_arrives_where_it_is_said_to() => Layouts.Sample(
        layout =>
        {
            using var space = new AddressSpace();
            Compact(new EngineKernel(space), layout.Live, layout.KeepsOrder);
            space.Verify();
        },
        iter: 100 * ModelRun.Factor);

    [Fact]
    public void On_the_running_kernel_and_by_copying_too() => Layouts.Sample(
        layout =>
        {
            Compact(SystemKernel.Instance, layout.Live, layout.KeepsOrder);
            Compact(new PortableKernel(), layout.Live, layout.KeepsOrder);
        },
        iter: 100 * ModelRun.Factor);

    [Fact]
    public void Where_order_is_free_the_last_range_fills_the_hole()
    {
        long page = Environment.SystemPageSize;
        using var buffer = new PageBuffer(100 * page);
        PageRange[] live = [new(0, 10 * page), new(12 * page, 80 * page), new(98 * page, 2 * page)];
        foreach (PageRange range in live)
            buffer.Write(range.Offset, [(byte)(range.Offset / page + 1)]);

        PageRelocation[] went = buffer.Compact(live, keepsOrder: false);

        Assert.Equal([0, 12 * page, 10 * page], went.Select(r => r.To));
        Assert.Equal([1, 13, 99], went.Select(r => (int)buffer.AsSpan(r.To, 1)[0]));
        Assert.Equal(0, buffer.AsSpan(92 * page, (int)(8 * page)).ToArray().Max());
    }

    [Fact]
    public void It_refuses_ranges_that_overlap()
    {
        long page = Environment.SystemPageSize;
        using var buffer = new PageBuffer(10 * page);
        Assert.Throws<ArgumentException>(() => buffer.Compact([new(0, 2 * page), new(page, page)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Compact([new(9 * page, 2 * page)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Compact([new(1, page)]));
    }

    private static void Compact(IMemoryKernel kernel, bool[] isLive, bool keepsOrder)
    {
        var page = (long)kernel.PageSize;
        using var buffer = new PageBuffer(Pages * page, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 8 }, kernel);
        var live = new List<PageRange>();
        for (int i = 0; i < Pages; i++)
        {
            buffer.Write(i * page, [(byte)(i + 1)]);
            if (!isLive[i])
                continue;
            if (live.Count != 0 && live[^1].End == i * page && i % 3 != 0) // sometimes neighbours are two ranges
                live[^1] = live[^1] with { Length = live[^1].Length + page };
            else
                live.Add(new PageRange(i * page, page));
        }

        PageRelocation[] went = buffer.Compact([.. live], keepsOrder);

        Assert.Equal(live.Select(r => (r.Offset, r.Length)), went.Select(r => (r.From, r.Length)));
        var numbers = new byte[1];
        var expected = new byte[Pages];
        foreach (PageRelocation relocation in went)
        {
            for (long at = 0; at < relocation.Length; at += page)
                expected[(relocation.To + at) / page] = (byte)(((relocation.From + at) / page) + 1);
        }

        for (int i = 0; i < Pages; i++)
        {
            buffer.Read(i * page, numbers);
            Assert.Equal(expected[i], numbers[0]);
        }

        Assert.Equal(isLive.Count(l => l), expected.Count(e => e != 0));
        if (keepsOrder)
            Assert.Equal(went.Select(r => r.To).Order(), went.Select(r => r.To));
        Assert.InRange(buffer.PieceCount, 1, 8);
    }
}
