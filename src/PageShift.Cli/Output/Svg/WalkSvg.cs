using System.Globalization;
using PageShift.Cli.Walking;
using PageShift.Cli.Words;

namespace PageShift.Cli.Output.Svg;

/// <summary>An address taken apart, as a picture: its bits on top, coloured by the table that they index, and the tables below, one entry leading to the next.</summary>
internal static class WalkSvg
{
    private const double BitWidth = 16;
    private const double TableTop = 150;
    private const double TableHeight = 220;
    private const double TableWidth = 96;

    // Dark enough for white letters.
    private static readonly string[] Colours = ["#8250df", "#0969da", "#1a7f37", "#9a6700", "#bc4c00"];
    private const string OffsetColour = SvgDrawing.Soft;

    internal static void Write(Stream output, AddressWalk walk)
    {
        int bits = walk.Steps.Sum(step => step.Bits) + walk.OffsetBits;
        int columns = walk.Steps.Count + 1;
        double width = Math.Max((2 * SvgDrawing.Margin) + (bits * BitWidth), (2 * SvgDrawing.Margin) + (columns * TableWidth * 1.5));
        using var drawing = new SvgDrawing(output, width, TableTop + TableHeight + 56, $"The walk of {WalkText.Head(walk)}");
        drawing.Label(SvgDrawing.Margin, 34, WalkText.Head(walk), isStrong: true);
        DrawBits(drawing, walk);
        double step = (width - (2 * SvgDrawing.Margin) - TableWidth) / (columns - 1);
        for (int i = 0; i < walk.Steps.Count; i++)
            DrawTable(drawing, walk, i, SvgDrawing.Margin + (i * step), SvgDrawing.Margin + ((i + 1) * step));
        DrawPage(drawing, walk, SvgDrawing.Margin + (walk.Steps.Count * step));
    }

    private static string ColourOf(AddressWalk walk, int step) => Colours[Colours.Length - walk.Steps.Count + step];

    private static void DrawBits(SvgDrawing drawing, AddressWalk walk)
    {
        double x = SvgDrawing.Margin;
        for (int i = 0; i < walk.Steps.Count; i++)
        {
            WalkStep step = walk.Steps[i];
            x = DrawField(drawing, x, (ulong)step.Index, step.Bits, ColourOf(walk, i), $"{Describe.Level(step.Level)} {Number(step.Index)}");
        }

        DrawField(drawing, x, walk.Offset, walk.OffsetBits, OffsetColour, $"offset {Describe.Number(walk.Offset)}");
    }

    private static double DrawField(SvgDrawing drawing, double x, ulong value, int bits, string colour, string name)
    {
        drawing.Label(x + (bits * BitWidth / 2), 108, name, colour, isCentred: true, isStrong: true);
        for (int bit = bits - 1; bit >= 0; bit--, x += BitWidth)
        {
            drawing.Rectangle(x, 60, BitWidth - 1, 28, colour);
            drawing.Label(x + (BitWidth / 2), 79, ((value >> bit) & 1) == 0 ? "0" : "1", "#ffffff", isCentred: true, isCode: true);
        }

        return x;
    }

    private static void DrawTable(SvgDrawing drawing, AddressWalk walk, int index, double x, double next)
    {
        WalkStep step = walk.Steps[index];
        string colour = ColourOf(walk, index);
        double slot = SlotOf(walk, index);
        drawing.Label(x, TableTop - 8, $"{Describe.Level(step.Level)} table", colour, isStrong: true);
        drawing.Rectangle(x, TableTop, TableWidth, TableHeight, "#f6f8fa", "#8c959f");
        drawing.Rectangle(x, slot - 11, TableWidth, 22, colour, title: $"{step.Entry}");
        drawing.Label(x + (TableWidth / 2), slot + 5, $"[{Number(step.Index)}]", "#ffffff", isCentred: true, isCode: true);
        drawing.Label(x, TableTop + TableHeight + 20, $"{Describe.Number((ulong)walk.Geometry.EntriesAt(step.Level))} entries", SvgDrawing.Soft);
        drawing.Label(x, TableTop + TableHeight + 38, $"{Describe.Size(step.Entry.Length)} each", SvgDrawing.Soft);
        // The entry holds the address at which the next table begins.
        drawing.Line(x + TableWidth, slot, next, TableTop, colour);
    }

    private static void DrawPage(SvgDrawing drawing, AddressWalk walk, double x)
    {
        ulong pageBytes = 1UL << walk.OffsetBits;
        double y = TableTop + 11 + ((TableHeight - 22) * walk.Offset / (pageBytes - 1));
        drawing.Label(x, TableTop - 8, "page", OffsetColour, isStrong: true);
        drawing.Rectangle(x, TableTop, TableWidth, TableHeight, "#f6f8fa", "#8c959f");
        drawing.Rectangle(x, y - 11, TableWidth, 22, OffsetColour);
        drawing.Label(x + (TableWidth / 2), y + 5, $"+{Describe.Number(walk.Offset)}", "#ffffff", isCentred: true, isCode: true);
        drawing.Label(x, TableTop + TableHeight + 20, Describe.Size(pageBytes), SvgDrawing.Soft);
    }

    private static double SlotOf(AddressWalk walk, int index) => TableTop + 11 + ((TableHeight - 22) * walk.Steps[index].Index / Math.Max(1, walk.Geometry.EntriesAt(walk.Steps[index].Level) - 1));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
