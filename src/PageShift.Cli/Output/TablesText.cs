using System.Globalization;
using PageShift.Cli.Walking;
using PageShift.Cli.Words;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Output;

/// <summary>A process's mappings against the boundaries of its page tables, for people: at most 100 columns wide.</summary>
internal static class TablesText
{
    private const int NameWidth = 26;

    private static readonly TextColumn[] BlockColumns = [new("blocks", true), new("with the pages of", false), new("moved whole by", false)];

    private static readonly TextColumn[] MappingColumns =
    [
        new("start", false), new("size", true), new("pages", true), new("huge", true), new("whole", true), new("first", false), new("last", false), new("name", false),
    ];

    internal static void Write(ProcessTables tables, int top)
    {
        using var output = TextReport.OnStandardOutput();
        output.Line(new StyledLine().Add(Head(tables), TextTone.Strong));
        foreach (TabledLevel level in tables.Levels)
            WriteLevel(output, level);
        WriteMappings(output, tables, top);
    }

    /// <summary>The whole in one sentence.</summary>
    internal static string Head(ProcessTables tables) =>
        $"{Of(tables)}: {Describe.Count(tables.Mappings.Count, "mapping")} of {Rounded(Sum(tables, m => m.Range.Length))}, {Rounded(Sum(tables, m => m.Occupied))} of it in pages, {(Sum(tables, m => m.Huge).Value == 0 ? "none" : Rounded(Sum(tables, m => m.Huge)))} of that in huge pages";

    /// <summary>A process by name and number.</summary>
    internal static string Of(ProcessTables tables) => string.Create(CultureInfo.InvariantCulture, $"{Describe.Printable(tables.Name)} ({tables.Process})");

    /// <summary>What a kind of block holds.</summary>
    internal static string Content(BlockKind kind) => kind switch
    {
        BlockKind.Huge => "one mapping: a huge page",
        BlockKind.Inside => "one mapping, which covers the block",
        BlockKind.Alone => "one mapping, and no other reaches into the block",
        BlockKind.EmptyNeighbours => "one mapping, beside others without a page in the block",
        _ => "several mappings",
    };

    private static string Mover(BlockKind kind, PageTableLevel level) => kind switch
    {
        BlockKind.Huge => "every Linux",
        BlockKind.Inside => level == PageTableLevel.Pud ? "Linux since 5.11" : "Linux since 5.0",
        BlockKind.Alone => level == PageTableLevel.Pud ? "PageShift" : "PageShift; at starts Linux 6.7",
        BlockKind.EmptyNeighbours => "PageShift",
        _ => "none: page by page",
    };

    private static void WriteLevel(TextReport output, TabledLevel level)
    {
        output.Line();
        output.Line(new StyledLine().Add(
            $"Blocks of {Describe.Size(level.Span)}, each one {Describe.Level(level.Level)} entry: {Describe.Number(level.Movable)} of {Describe.Number(level.Total)} with pages could move whole to a congruent place", TextTone.Strong));
        BlockKind[] kinds = [.. Enum.GetValues<BlockKind>().Where(kind => level.Count(kind) != 0)];
        if (kinds.Length != 0)
            output.Table(BlockColumns, [.. kinds.Select(kind => new TextRow(ToneOf(kind), [Describe.Number(level.Count(kind)), Content(kind), Mover(kind, level.Level)]))]);
    }

    private static void WriteMappings(TextReport output, ProcessTables tables, int top)
    {
        TabledMapping[] largest = [.. tables.Mappings.OrderByDescending(m => m.Occupied.Value).Take(top).OrderBy(m => m.Range.Start.Value)];
        if (largest.Length == 0)
            return;
        output.Line();
        string which = largest.Length == tables.Mappings.Count ? "The mappings" : $"The {largest.Length} mappings with the most pages (--top {tables.Mappings.Count} shows all)";
        output.Line(new StyledLine().Add(which, TextTone.Strong));
        output.Table(MappingColumns, [.. largest.Select(Row)]);
        foreach (string line in TextWrap.Lines("  ", "  ", "whole: blocks of 2 MiB that lie in the mapping. first, last: how the blocks at its ends stand: aligned, on a boundary; alone, no other mapping in the block; empty, others without a page there; shared, others with pages there.", TextReport.Width))
            output.Line(new StyledLine().Add(line, TextTone.Faint));
    }

    private static TextRow Row(TabledMapping mapping) => new(
        RowTone.Plain,
        [
            mapping.Range.Start.ToString(), Rounded(mapping.Range.Length), Rounded(mapping.Occupied), Rounded(mapping.Huge), Describe.Number(mapping.WholeBlocks), Word(mapping.Start), Word(mapping.End),
            Shortened(mapping.Name),
        ]);

    private static string Word(MappingEnd end) => end switch
    {
        MappingEnd.Aligned => "aligned",
        MappingEnd.Alone => "alone",
        MappingEnd.EmptyNeighbours => "empty",
        _ => "shared",
    };

    // The end of a path tells most.
    private static string Shortened(string name)
    {
        string shown = Describe.Printable(name);
        return shown.Length == 0 ? "anonymous" : shown.Length <= NameWidth ? shown : $"…{shown[^(NameWidth - 1)..]}";
    }

    private static RowTone ToneOf(BlockKind kind) => kind switch
    {
        BlockKind.Alone or BlockKind.EmptyNeighbours => RowTone.Good,
        BlockKind.Shared => RowTone.Warning,
        _ => RowTone.Plain,
    };

    private static ByteLength Sum(ProcessTables tables, Func<TabledMapping, ByteLength> of) => tables.Mappings.Aggregate(ByteLength.Zero, (sum, mapping) => sum + of(mapping));

    private static string Rounded(ByteLength length) => length.Value == 0 ? "0" : Describe.Rounded(length);
}
