using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>explain --svg</c>: a move as a picture.</summary>
public sealed class ExplainSvgTests
{
    private const string Pte = "#d98a00";
    private const string Pmd = "#0072b2";
    private const string Pud = "#00846a";
    private const double DigitWidth = 8; // at a size of 13, in the widest of the usual fonts

    [Fact]
    public void The_picture_shows_the_move_the_slots_and_what_each_policy_moves()
    {
        XElement svg = Draw("samples/linus-2023.strace:5");

        string[] texts = [.. Of(svg, "text").Select(e => e.Value)];
        Assert.Contains("mremap moves 2 MiB from 0x8100000 to 0x7f00000, congruent modulo 2 MiB", texts);
        Assert.Equal(["PMD 63", "PMD 64", "PMD 65", "PMD 63", "PMD 64", "PMD 65"], texts.Where(t => t.StartsWith("PMD ", StringComparison.Ordinal)));
        Assert.Equal(4, texts.Count(t => t == "512 PTE"));
        Assert.Contains("2 PMD, 256 to 1", texts);
    }

    [Fact]
    public void Cells_are_where_the_pages_are_before_and_after()
    {
        // 1 MiB in the upper half of one table, 1 MiB in the lower half of the next: 256 cells each.
        XElement svg = Draw("samples/linus-2023.strace:5");
        (double X, double Y, double Width, double Height)[] cells = [.. Of(svg, "rect").Where(e => Fill(e) == Pmd && Number(e, "height") > 22.5).Select(Place)];

        Assert.Equal(4, cells.Length);
        Assert.All(cells, c => Assert.Equal(cells[0].Width * cells[0].Height, c.Width * c.Height));
        Assert.Equal(cells[1].X - cells[0].X, cells[0].X - cells[2].X); // the first goes where nothing was, the second where the first was
        Assert.Equal(cells[0].X, cells[3].X);
    }

    [Fact]
    public void A_bar_shows_its_parts_and_what_stays_is_marked()
    {
        XElement svg = Draw("samples/neighbour.strace:7");
        XElement[] bars = [.. Of(svg, "rect").Where(e => Number(e, "height") == 16 && Fill(e) is Pte or Pmd)];

        Assert.Equal([Pte, Pte, Pte, Pte, Pmd, Pte], bars.Select(Fill));
        Assert.Equal(Number(bars[0], "width") / 2, Number(bars[5], "width"));
        Assert.Contains("not part of the move", Of(svg, "text").Select(e => e.Value));
    }

    /// <summary>With PAGESHIFT_REGENERATE=1 the tool draws it anew.</summary>
    [Fact]
    public void The_picture_in_the_documents_is_the_tools()
    {
        string kept = Repository.Path("docs/move.svg"), drawn = Path.Combine(Directory.CreateTempSubdirectory("pageshift").FullName, "move.svg");
        Assert.Equal(0, Tool.Run("explain", "samples/neighbour.strace:7", "--svg", drawn).ExitCode);
        if (Environment.GetEnvironmentVariable("PAGESHIFT_REGENERATE") == "1")
            File.Copy(drawn, kept, overwrite: true);

        Assert.Equal(File.ReadAllText(drawn), File.ReadAllText(kept));
    }

    [Theory]
    [InlineData("samples/one-level-up.strace:5", Pud)]
    [InlineData("samples/gigabyte-not-congruent.strace:5", Pte)]
    [InlineData("samples/stack.strace:6", Pmd)]
    [InlineData("samples/realloc.strace:45", Pte)]
    public void Any_move_has_a_picture_in_which_something_travels(string place, string colour)
    {
        XElement svg = Draw(place);

        Assert.Contains(Of(svg, "line"), line => line.Attribute("stroke")!.Value == colour);
        double first = Of(svg, "rect").Where(e => Number(e, "height") == 22).Min(e => Number(e, "x"));
        Assert.All(Of(svg, "text").Where(e => Number(e, "x") < first && e.Value.StartsWith("0x", StringComparison.Ordinal)), e => Assert.True(Number(e, "x") + (e.Value.Length * DigitWidth) < first));
        double width = Number(svg, "width"), height = Number(svg, "height");
        Assert.All(Of(svg, "rect").Select(Place), r => Assert.True(r.X >= 0 && r.Y >= 0 && r.X + r.Width <= width + 0.1 && r.Y + r.Height <= height + 0.1));
    }

    [Fact]
    public void The_picture_replaces_neither_the_log_nor_the_page()
    {
        using var log = new TemporaryFile(File.ReadAllText(Repository.Path("samples/linus-2023.strace")));

        Assert.Equal(2, Tool.Run("explain", $"{log.Name}:5", "--svg", log.Name).ExitCode);
        Assert.Equal(2, Tool.Run("explain", $"{log.Name}:5", "--svg", "x.both", "--html", "x.both").ExitCode);
    }

    private static XElement Draw(string place)
    {
        using var picture = new TemporaryFile();
        ToolResult result = Tool.Run("explain", place, "--svg", picture.Name);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return XDocument.Load(picture.Name).Root!;
    }

    private static IEnumerable<XElement> Of(XElement svg, string name) => svg.Descendants().Where(e => e.Name.LocalName == name);

    private static string Fill(XElement element) => element.Attribute("fill")!.Value;

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static (double X, double Y, double Width, double Height) Place(XElement e) => (Number(e, "x"), Number(e, "y"), Number(e, "width"), Number(e, "height"));
}
