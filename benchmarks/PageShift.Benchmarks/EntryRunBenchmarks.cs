using BenchmarkDotNet.Attributes;
using PageShift.PageTables;

namespace PageShift.Benchmarks;

/// <summary>The lowest layer: the entries of one table.</summary>
public class EntryRunBenchmarks
{
    private readonly PageTableEntry[] _full = [.. Enumerable.Range(1, 512).Select(i => new PageTableEntry((ulong)i))];
    private readonly PageTableEntry[] _empty = new PageTableEntry[512];

    [Benchmark(Baseline = true, Description = "copy and clear 512 entries", OperationsPerInvoke = 2)]
    public void CopyAndClear()
    {
        _full.AsSpan().CopyTo(_empty);
        _full.AsSpan().Clear();
        _empty.AsSpan().CopyTo(_full);
        _empty.AsSpan().Clear();
    }

    [Benchmark(Description = "move 512 entries", OperationsPerInvoke = 2)]
    public void Move()
    {
        PageTableTree.MoveSlots(_full, _empty);
        PageTableTree.MoveSlots(_empty, _full);
    }

    [Benchmark(Description = "count 512 entries")]
    public int Count() => PageTableTree.CountLive(_full);

    [Benchmark(Description = "find nothing in 512 entries")]
    public int Find() => PageTableTree.IndexOfLive(_empty);
}
