using System.Text.Json;
using PageShift.Tests.Cli;
using Xunit;

namespace PageShift.Tests.HtmlPages;

/// <summary><c>explain --html</c>: the page of one move.</summary>
public sealed class ExplainedPageTests
{
    [Fact]
    public void The_page_of_a_logs_call_opens_at_its_move_and_ends_with_it()
    {
        using var page = new TemporaryFile();

        ToolResult result = Tool.Run("explain", "samples/realloc.strace:80", "--html", page.Name);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement report = DataOf(page.Name, "report");
        Assert.Equal(80, report.GetProperty("moves")[report.GetProperty("moves").GetArrayLength() - 1].GetProperty("line").GetInt32());
        Assert.Equal(80, DataOf(page.Name, "plans").GetProperty("shown").GetInt32());
    }

    [Fact]
    public void The_page_of_a_described_move_has_what_the_json_of_the_same_explanation_has()
    {
        using var page = new TemporaryFile();
        string[] move = ["explain", "--old", "0x8100000", "--new", "0x20100000", "--length", "2*MB", "--with", "memset(0x8100000, 1, 4096)", "--populate", "written"];

        Assert.Equal(0, Tool.Run([.. move, "--html", page.Name]).ExitCode);

        JsonElement shown = Assert.Single(DataOf(page.Name, "report").GetProperty("moves").EnumerateArray());
        JsonElement explained = JsonDocument.Parse(Tool.Run([.. move, "--format", "json"]).Output).RootElement.GetProperty("moves")[0];
        Assert.Equal(explained.GetProperty("old").GetString(), shown.GetProperty("old").GetString());
        foreach (string policy in (string[])["linux-6.7", "pageshift"])
            Assert.Equal(MoveJson.Policy(explained, policy).GetProperty("pte").GetInt32(), MoveJson.Policy(shown, policy).GetProperty("pte").GetInt32());
    }

    [Theory]
    [InlineData("samples/neighbour.strace:7")]
    [InlineData("samples/stack.strace:6")]
    [InlineData("samples/gigabyte-not-congruent.strace:5")]
    public void The_page_explains_the_move_in_the_words_of_the_json(string place)
    {
        using var page = new TemporaryFile();

        Assert.Equal(0, Tool.Run("explain", place, "--html", page.Name).ExitCode);

        JsonElement shown = DataOf(page.Name, "report").GetProperty("moves").EnumerateArray().Last();
        JsonElement explained = Explained.Move(place);
        Assert.True(JsonElement.DeepEquals(explained.GetProperty("policies"), shown.GetProperty("policies")));
        Assert.Equal(explained.TryGetProperty("remedy", out JsonElement remedy), shown.TryGetProperty("remedy", out JsonElement shownRemedy));
        Assert.Equal(remedy.ToString(), shownRemedy.ToString());
    }

    [Fact]
    public void The_stack_move_can_be_shown_too()
    {
        using var page = new TemporaryFile();

        Assert.Equal(0, Tool.Run("explain", "--old", "0x1fff000", "--new", "0x1dff000", "--length", "0x201000", "--html", page.Name).ExitCode);

        JsonElement move = Assert.Single(DataOf(page.Name, "report").GetProperty("moves").EnumerateArray());
        Assert.Equal(("relocate_vma_down", 2), (move.GetProperty("call").GetString(), MoveJson.Policy(move, "pageshift").GetProperty("pmd").GetInt32()));
    }

    private static JsonElement DataOf(string page, string name) => PageTests.Data(File.ReadAllText(page), name);
}
