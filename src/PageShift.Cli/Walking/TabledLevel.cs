using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Walking;

/// <summary>Blocks of one kind that follow each other.</summary>
internal readonly record struct BlockRun(VirtualAddress Start, ulong Count, BlockKind Kind);

/// <summary>The blocks of one level that have a page: a block is the addresses that one entry covers.</summary>
internal sealed class TabledLevel(PageTableLevel level, ByteLength span)
{
    private readonly List<BlockRun> _runs = [];

    /// <summary>The level whose entries cover the blocks.</summary>
    internal PageTableLevel Level => level;

    /// <summary>The bytes of a block.</summary>
    internal ByteLength Span => span;

    /// <summary>The blocks, in ascending order.</summary>
    internal IReadOnlyList<BlockRun> Runs => _runs;

    /// <summary>All of them.</summary>
    internal ulong Total => Sum(_runs);

    /// <summary>Those that the rule of PageShift moves whole.</summary>
    internal ulong Movable => Total - Count(BlockKind.Shared);

    internal ulong Count(BlockKind kind) => Sum(_runs.Where(run => run.Kind == kind));

    internal void Add(VirtualAddress start, ulong count, BlockKind kind)
    {
        if (_runs.Count != 0 && _runs[^1] is var last && last.Kind == kind && last.Start + (span * last.Count) == start)
            _runs[^1] = last with { Count = last.Count + count };
        else
            _runs.Add(new BlockRun(start, count, kind));
    }

    private static ulong Sum(IEnumerable<BlockRun> runs) => runs.Aggregate(0UL, (sum, run) => sum + run.Count);
}
