using BenchmarkDotNet.Attributes;
using PageShift.Memory;

namespace PageShift.Benchmarks;

/// <summary>Splices of a live buffer, by each strategy: an insertion and the removal that undoes it, with a tail of so many bytes.</summary>
public class LiveMemoryBenchmarks
{
    private PageBuffer _buffer = null!;

    [Params(64 << 10, 1 << 20, 4 << 20, 512 << 20)]
    public int Tail { get; set; }

    [Params(4096, 2 << 20)]
    public int Gap { get; set; }

    [Params(MoveStrategy.Cheapest, MoveStrategy.Copy, MoveStrategy.Move)]
    public MoveStrategy Strategy { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        long length = 2L * Tail;
        _buffer = new PageBuffer(length, new PageBufferOptions { Capacity = length + (16 << 20), Strategy = Strategy });
        for (long at = 0; at < length; at += _buffer.PageSize)
            _buffer.AsSpan(at, 1)[0] = 1;
    }

    [GlobalCleanup]
    public void CleanUp() => _buffer.Dispose();

    [Benchmark(Description = "insert and remove", OperationsPerInvoke = 2)]
    public long InsertAndRemove()
    {
        _buffer.Insert(Tail, Gap);
        _buffer.Remove(Tail, Gap);
        return _buffer.Length;
    }
}
