using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Kernel;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Each operation of lists and streams, with the kernel failing at each of its calls in turn: it happens, or it throws and all is as before.</summary>
public sealed class ListFailureTests
{
    private const int First = 3000;

    private static readonly int PerPage = Environment.SystemPageSize / sizeof(long);

    private static readonly (Action<PageList<long>> Ours, Action<List<long>> Model)[] OfLists =
    [
        (l => l.Add(7), m => m.Add(7)),
        (l => l.AddRange(Numbers(5 * PerPage)), m => m.AddRange(Numbers(5 * PerPage))),
        (l => l.AddRange(l.AsSpan(10, 2500)), m => m.AddRange(m.GetRange(10, 2500))),
        (l => l.InsertRange(700, 3L * PerPage), m => m.InsertRange(700, new long[3 * PerPage])),
        (l => l.InsertRange(700, 333), m => m.InsertRange(700, new long[333])),
        (l => l.InsertRange(700, l.AsSpan(600, 2 * PerPage)), m => m.InsertRange(700, m.GetRange(600, 2 * PerPage))),
        (l => l.InsertRange(700, l.AsSpan(695, 10)), m => m.InsertRange(700, m.GetRange(695, 10))),
        (l => l.RemoveRange(700, 2 * PerPage), m => m.RemoveRange(700, 2 * PerPage)),
        (l => l.RemoveRange(700, 333), m => m.RemoveRange(700, 333)),
        (l => l.TrimExcess(), _ => { }),
    ];

    private static readonly Action<Stream, Func<int, int, bool>>[] OfStreams =
    [
        (s, _) => s.Write(new byte[50_000]),
        (s, _) => s.SetLength(40_000),
        (s, _) => s.SetLength(100),
        (_, splice) => splice(700, 3 * 4096),
        (_, splice) => splice(700, 333),
        (_, splice) => splice(700, -2 * 4096),
        (_, splice) => splice(700, -333),
        (s, _) => (s as PageStream)?.TrimExcess(),
    ];

    public static TheoryData<int, FailureKind> ListCases =>
        [.. from i in Enumerable.Range(0, OfLists.Length) from kind in (FailureKind[])[FailureKind.RefuseOne, FailureKind.RefuseAllFrom] select new TheoryDataRow<int, FailureKind>(i, kind)];

    public static TheoryData<int, FailureKind> StreamCases =>
        [.. from i in Enumerable.Range(0, OfStreams.Length) from kind in Enum.GetValues<FailureKind>() select new TheoryDataRow<int, FailureKind>(i, kind)];

    [Theory]
    [MemberData(nameof(ListCases))]
    public void A_list_loses_nothing(int operation, FailureKind kind) => FailEachCall(call =>
    {
        var kernel = new DecoratedKernel(SystemKernel.Instance) { Kind = kind };
        using var list = new PageList<long>(new PageBuffer(0, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 4 }, kernel));
        list.AddRange(Numbers(First));
        list.TrimExcess();
        List<long> model = [.. Numbers(First)];
        kernel.Reset();
        kernel.FailsAt = call;
        try
        {
            OfLists[operation].Ours(list);
            OfLists[operation].Model(model);
        }
        catch (InsufficientMemoryException)
        {
        }

        kernel.FailsAt = -1;
        AssertSame(model, list);
        list.Add(9); // and what was left works
        model.Add(9);
        AssertSame(model, list);
        return kernel.HasFailed;
    });

    [Theory]
    [MemberData(nameof(StreamCases))]
    public void A_stream_loses_nothing(int operation, FailureKind kind) => FailEachCall(call =>
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space)) { Kind = kind };
        var buffer = new PageBuffer(0, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 4 }, kernel);
        using var stream = new PageStream(buffer, leavesOpen: false);
        var model = new MemoryStream();
        byte[] bytes = [.. Numbers(20_000).Select(n => (byte)n)];
        stream.Write(bytes);
        model.Write(bytes);
        stream.TrimExcess();
        kernel.Reset();
        kernel.FailsAt = call;
        try
        {
            OfStreams[operation](stream, (at, count) => Splice(stream, at, count));
            OfStreams[operation](model, (at, count) => Splice(model, at, count));
        }
        catch (InsufficientMemoryException)
        {
        }

        kernel.FailsAt = -1;
        Assert.Equal(model.Position, stream.Position);
        Assert.Equal(model.ToArray(), stream.ToArray());
        stream.SetLength(90_000); // and what was left works
        model.SetLength(90_000);
        Assert.Equal(model.ToArray(), stream.ToArray());
        space.Verify();
        return kernel.HasFailed;
    });

    private static void FailEachCall(Func<int, bool> failsAt)
    {
        const int MostCalls = 300;
        int call = 0;
        while (failsAt(call))
            Assert.True(++call < MostCalls);
    }

    private static long[] Numbers(int count) => [.. Enumerable.Range(1, count)];

    private static void AssertSame(List<long> model, PageList<long> list)
    {
        Assert.Equal(model.Count, list.Count);
        Assert.True(list.AsSpan(0, model.Count).SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(model)));
        Assert.Equal(model[^1], list[model.Count - 1]);
    }

    private static bool Splice(PageStream stream, int at, int count)
    {
        if (count > 0)
            stream.Insert(at, count);
        else
            stream.Remove(at, -count);
        return true;
    }

    private static bool Splice(MemoryStream stream, int at, int count)
    {
        byte[] bytes = stream.ToArray();
        long position = stream.Position;
        stream.SetLength(0);
        stream.Write([.. bytes[..at], .. new byte[Math.Max(count, 0)], .. bytes[(at + Math.Max(-count, 0))..]]);
        stream.Position = position;
        return true;
    }
}
