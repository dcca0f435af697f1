using BenchmarkDotNet.Attributes;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Benchmarks;

/// <summary>Tables: populating and emptying one, walking, and searching.</summary>
public class TableBenchmarks
{
    private static readonly AddressRange TwoMiB = new(new VirtualAddress(0x4000_0000), new ByteLength(2 << 20));
    private static readonly AddressRange OtherTwoMiB = new(new VirtualAddress(0x8000_0000), new ByteLength(2 << 20));

    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly PageTableTree _tables;

    public TableBenchmarks()
    {
        _tables = new PageTableTree(_memory, PagingGeometry.X86);
        _tables.TryPopulate(TwoMiB, PageTableEntry.PresentBit);
    }

    [Benchmark(Description = "walk to a page")]
    public bool Walk() => _tables.Walk(TwoMiB.Start).IsMapped;

    [Benchmark(Description = "populate and empty 2 MiB")]
    public ulong PopulateAndEmpty()
    {
        _tables.TryPopulate(OtherTwoMiB, PageTableEntry.PresentBit);
        return _tables.Zap(OtherTwoMiB, keepGuards: false).Entries;
    }
}
