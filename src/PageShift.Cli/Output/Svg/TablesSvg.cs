using PageShift.Cli.Walking;
using PageShift.Cli.Words;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Output.Svg;

/// <summary>The blocks of 2 MiB of a process, as a picture: a strip for each table of PMD entries that has some, and a cell for each entry.</summary>
internal static class TablesSvg
{
    private const double Cell = 7;
    private const int Columns = 128;
    private const int MostStrips = 40;
    private const double LabelWidth = 130;
    private const double LegendTop = 56;
    private const double LegendLine = 20;
    private const double StripGap = 10;

    internal static void Write(Stream output, ProcessTables tables)
    {
        string process = TablesText.Of(tables);
        TabledLevel level = tables.Levels[0];
        BlockKind[] kinds = [.. Enum.GetValues<BlockKind>().Where(kind => level.Count(kind) != 0)];
        int entries = PagingGeometry.X86.EntriesPerTable;
        ByteLength stripSpan = level.Span * (ulong)entries;
        SortedSet<ulong> strips = [.. level.Runs.SelectMany(run => Strips(run, level.Span, stripSpan))];
        VirtualAddress[] shown = [.. strips.Take(MostStrips).Select(start => new VirtualAddress(start))];
        double stripHeight = (entries / Columns * Cell) + StripGap;
        double top = LegendTop + (kinds.Length * LegendLine) + 16;
        double height = top + (shown.Length * stripHeight) + (shown.Length < strips.Count ? 28 : 8);
        using var drawing = new SvgDrawing(output, (2 * SvgDrawing.Margin) + LabelWidth + (Columns * Cell), height, $"The page tables of {process}");
        drawing.Label(SvgDrawing.Margin, 32, $"{process}: {Describe.Number(level.Movable)} of {Describe.Number(level.Total)} blocks of {Describe.Size(level.Span)} with pages could move whole", isStrong: true);
        for (int i = 0; i < kinds.Length; i++)
        {
            drawing.Rectangle(SvgDrawing.Margin, LegendTop + (i * LegendLine) - 10, 12, 12, ColourOf(kinds[i]));
            drawing.Label(SvgDrawing.Margin + 20, LegendTop + (i * LegendLine), $"{Describe.Number(level.Count(kinds[i]))} with the pages of {TablesText.Content(kinds[i])}");
        }

        for (int i = 0; i < shown.Length; i++)
            DrawStrip(drawing, level, new AddressRange(shown[i], stripSpan), top + (i * stripHeight));
        if (shown.Length < strips.Count)
            drawing.Label(SvgDrawing.Margin, height - 10, $"and {Describe.Count(strips.Count - shown.Length, "more table")} above", SvgDrawing.Soft);
    }

    private static IEnumerable<ulong> Strips(BlockRun run, ByteLength span, ByteLength stripSpan)
    {
        VirtualAddress last = run.Start + (span * (run.Count - 1));
        for (VirtualAddress strip = run.Start.AlignDown(stripSpan); strip <= last; strip += stripSpan)
            yield return strip.Value;
    }

    private static void DrawStrip(SvgDrawing drawing, TabledLevel level, AddressRange strip, double y)
    {
        int rows = PagingGeometry.X86.EntriesPerTable / Columns;
        double x = SvgDrawing.Margin + LabelWidth;
        drawing.Label(SvgDrawing.Margin, y + (rows * Cell / 2) + 4, strip.Start.ToString(), SvgDrawing.Soft, isCode: true);
        drawing.Rectangle(x, y, Columns * Cell, rows * Cell, SvgDrawing.Empty);
        foreach (BlockRun run in level.Runs)
        {
            AddressRange part = new AddressRange(run.Start, level.Span * run.Count).Intersect(strip);
            if (part.IsEmpty)
                continue;
            int first = (int)((part.Start - strip.Start).Value / level.Span.Value);
            int end = first + (int)(part.Length.Value / level.Span.Value);
            while (first < end)
            {
                int count = Math.Min(end - first, Columns - (first % Columns));
                drawing.Rectangle(
                    x + (first % Columns * Cell), y + (first / Columns * Cell), (count * Cell) - 1, Cell - 1, ColourOf(run.Kind),
                    title: $"{strip.Start + (level.Span * (ulong)first)}, {Describe.Count(count, "block")}: the pages of {TablesText.Content(run.Kind)}");
                first += count;
            }
        }
    }

    private static string ColourOf(BlockKind kind) => kind switch
    {
        BlockKind.Huge => "#8250df",
        BlockKind.Inside => "#0969da",
        BlockKind.Alone => "#1a7f37",
        BlockKind.EmptyNeighbours => "#4ac26b",
        _ => "#cf222e",
    };
}
