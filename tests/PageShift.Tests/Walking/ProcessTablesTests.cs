using CsCheck;
using PageShift.Abi;
using PageShift.Cli.Walking;
using PageShift.Linux.Processes;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Walking;

/// <summary>What lives in the blocks of a process, against a count of block after block.</summary>
public sealed class ProcessTablesTests
{
    private const ulong Block = 2UL << 20;
    private const ulong Gigabyte = 1UL << 30;

    [Fact]
    public void Each_kind_of_block_is_known()
    {
        KernelMapping[] mappings =
        [
            Mapping(10 * Block, 12 * Block), Mapping(14 * Block + 4096, 15 * Block - 4096), Mapping(16 * Block, 16 * Block + 4096), Mapping(16 * Block + 4096, 16 * Block + 8192),
            Mapping(18 * Block, 18 * Block + 4096), Mapping(18 * Block + 8192, 18 * Block + 12288),
        ];
        PageRun[] pages =
        [
            Run(10 * Block, 11 * Block, PageKinds.Present | PageKinds.Large), Run(11 * Block + 4096, 11 * Block + 8192), Run(14 * Block + 8192, 14 * Block + 12288), Run(16 * Block, 16 * Block + 4096),
            Run(18 * Block, 18 * Block + 4096), Run(18 * Block + 8192, 18 * Block + 12288),
        ];

        var tables = new ProcessTables(1, mappings, pages);

        Assert.Equal(
            [(10, BlockKind.Huge), (11, BlockKind.Inside), (14, BlockKind.Alone), (16, BlockKind.EmptyNeighbours), (18, BlockKind.Shared)],
            tables.Levels[0].Runs.Select(run => ((int)(run.Start.Value / Block), run.Kind)));
        Assert.Equal((5UL, 4UL), (tables.Levels[0].Total, tables.Levels[0].Movable));
        Assert.Equal([BlockKind.Shared], tables.Levels[1].Runs.Select(run => run.Kind));
        Assert.Equal(
            [(MappingEnd.Aligned, MappingEnd.Aligned), (MappingEnd.Alone, MappingEnd.Alone), (MappingEnd.Aligned, MappingEnd.EmptyNeighbours)],
            tables.Mappings.Take(3).Select(mapping => (mapping.Start, mapping.End)));
        Assert.Equal((Block + 4096, Block, 2UL), (tables.Mappings[0].Occupied.Value, tables.Mappings[0].Huge.Value, tables.Mappings[0].WholeBlocks));
    }

    [Fact]
    public void Random_processes_are_counted_as_block_after_block_counts_them() =>
        Gen.Select(Gen.ULong[0, 200].Array[2, 24], Gen.ULong[0, 100_000].Array[0, 40], Gen.Bool).Sample((gaps, places, isLow) =>
        {
            // Mappings of up to some blocks, one after the other or with gaps, near a boundary of 1 GiB.
            var mappings = new List<KernelMapping>();
            ulong at = isLow ? Block : Gigabyte - (20 * Block);
            for (int i = 0; i + 1 < gaps.Length; i += 2)
            {
                ulong start = at + (gaps[i] / 3 * 16 * 4096), end = start + ((gaps[i + 1] + 1) * 16 * 4096);
                mappings.Add(Mapping(start, end));
                at = end;
            }

            ulong[] occupied = [.. places.Select(place => mappings[(int)(place % (ulong)mappings.Count)].Range is var range ? range.Start.Value + (place * 7919 * 4096 % range.Length.Value) : 0).Distinct().Order()];
            var tables = new ProcessTables(1, mappings, [.. occupied.Select(page => Run(page, page + 4096))]);

            foreach (TabledLevel level in tables.Levels)
                Assert.Equal(BlockAfterBlock(mappings, occupied, level.Span.Value), level.Runs.SelectMany(run => Enumerable.Range(0, (int)run.Count).Select(i => ((run.Start + (level.Span * (ulong)i)).Value, run.Kind))));
            Assert.Equal((ulong)occupied.Length * 4096, tables.Mappings.Aggregate(0UL, (sum, mapping) => sum + mapping.Occupied.Value));
        });

    private static IEnumerable<(ulong Start, BlockKind Kind)> BlockAfterBlock(List<KernelMapping> mappings, ulong[] occupied, ulong span) => occupied.GroupBy(page => page / span * span).Select(pages =>
    {
        var block = new AddressRange(new VirtualAddress(pages.Key), new ByteLength(span));
        KernelMapping[] owners = [.. mappings.Where(m => m.Range.Overlaps(block))];
        KernelMapping[] withPages = [.. owners.Where(m => pages.Any(page => m.Range.Contains(new VirtualAddress(page))))];
        BlockKind kind = withPages.Length > 1 ? BlockKind.Shared
            : withPages[0].Range.Contains(block) ? BlockKind.Inside
            : owners.Length > 1 ? BlockKind.EmptyNeighbours
            : BlockKind.Alone;
        return (pages.Key, kind);
    });

    private static KernelMapping Mapping(ulong start, ulong end) =>
        new(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), Protection.Read | Protection.Write, isShared: false, 0, 0, 0, 0);

    private static PageRun Run(ulong start, ulong end, PageKinds kinds = PageKinds.Present) => new(new AddressRange(new VirtualAddress(start), new VirtualAddress(end)), kinds);
}
