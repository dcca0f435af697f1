using System.Globalization;
using System.Text;

namespace PageShift.Memory.Samples;

/// <summary>Draws where moving becomes cheaper than copying on this machine, as SVG: a gap is inserted before a tail.</summary>
internal static class Crossover
{
    private const int Width = 720;
    private const int Height = 400;
    private const int Left = 70;
    private const int Bottom = 350;
    private const int Top = 40;
    private const double LeastMicroseconds = 0.1;
    private const double Decades = 7;
    private const int FirstShift = 12;

    internal static void Run(TextWriter output, TextWriter picture, int megabytes)
    {
        long most = (long)megabytes << 20;
        var sizes = new List<long>();
        for (long size = Math.Max(1L << FirstShift, MemoryCapabilities.PageSize); size <= most; size *= 4)
            sizes.Add(size);
        int page = MemoryCapabilities.PageSize;
        long table = MemoryCapabilities.PageTableSpan;
        (string Name, string Colour, Func<long, double> Measure)[] lines =
        [
            ($"copying, a gap of {SizeText(page)}", "#c0392b", size => Measure(size, MoveStrategy.Copy, page)),
            ($"moving, a gap of {SizeText(page)}: each page's entry", "#2980b9", size => Measure(size, MoveStrategy.Move, page)),
            ($"moving, a gap of {SizeText(table)}: whole page tables, where the tail fills them", "#27ae60", size => Measure(size, MoveStrategy.Move, table)),
        ];
        var drawing = new StringBuilder();
        Frame(drawing, sizes);
        for (int i = 0; i < lines.Length; i++)
        {
            double[] times = [.. sizes.Select(lines[i].Measure)];
            string points = string.Join(' ', times.Select((t, at) => Text($"{X(at, sizes.Count)},{Y(t)}")));
            drawing.Append(Text($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{lines[i].Colour}\" stroke-width=\"2.5\"/>\n"));
            drawing.Append(Text($"<text x=\"{Left + 15}\" y=\"{Top + 18 + (18 * i)}\" fill=\"{lines[i].Colour}\">{lines[i].Name}</text>\n"));
            output.WriteLine($"{lines[i].Name}: {string.Join(", ", times.Select((t, at) => Text($"{SizeText(sizes[at])} {t:f1} us")))}");
        }

        picture.Write(drawing.Append("</svg>\n"));
    }

    /// <summary>The microseconds of an insertion before a tail whose pages are all there, the median of several.</summary>
    private static double Measure(long size, MoveStrategy strategy, long gap)
    {
        const int Rounds = 15;
        using var buffer = new PageBuffer(size, new PageBufferOptions { Capacity = size + gap, Strategy = strategy });
        buffer.Populate(0, size);
        for (long at = 0; at < size; at += buffer.PageSize)
            buffer.AsSpan(at, 1)[0] = 1;
        var times = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            times.Add(Clock.Time(() => buffer.Insert(0, gap)).TotalMicroseconds);
            buffer.Remove(0, gap);
        }

        times.Sort();
        return times[Rounds / 2];
    }

    private static void Frame(StringBuilder drawing, List<long> sizes)
    {
        drawing.Append(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\">\n"));
        drawing.Append(Text($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>\n<text x=\"{Left}\" y=\"22\">Time to insert a gap before a tail of so many bytes</text>\n"));
        for (int decade = 0; decade <= Decades; decade++)
        {
            double time = LeastMicroseconds * Math.Pow(10, decade);
            string label = time < 1 ? "0.1 us" : time < 1000 ? Text($"{time:f0} us") : time < 1e6 ? Text($"{time / 1000:f0} ms") : Text($"{time / 1e6:f0} s");
            drawing.Append(Text($"<line x1=\"{Left}\" x2=\"{Width - 20}\" y1=\"{Y(time)}\" y2=\"{Y(time)}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{Y(time) + 4}\" text-anchor=\"end\">{label}</text>\n"));
        }

        for (int i = 0; i < sizes.Count; i++)
            drawing.Append(Text($"<text x=\"{X(i, sizes.Count)}\" y=\"{Bottom + 22}\" text-anchor=\"middle\">{SizeText(sizes[i])}</text>\n"));
    }

    private static double X(int index, int count) => Math.Round(Left + 30 + ((Width - Left - 80.0) * index / Math.Max(1, count - 1)), 1);

    private static double Y(double microseconds) =>
        Math.Round(Bottom - ((Bottom - Top) * Math.Clamp(Math.Log10(microseconds / LeastMicroseconds) / Decades, 0, 1)), 1);

    private static string SizeText(long size) => size >= 1 << 30 ? $"{size >> 30} GiB" : size >= 1 << 20 ? $"{size >> 20} MiB" : $"{size >> 10} KiB";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
