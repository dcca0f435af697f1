using System.IO.Compression;
using System.Text.Json;
using PageShift.Tests.Cli;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.HtmlPages;

/// <summary>The page that <c>--html</c> writes.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData("linus-2023")]
    [InlineData("neighbour")]
    [InlineData("realloc")]
    public void The_report_in_the_page_is_the_json(string sample)
    {
        using var page = new TemporaryFile();
        ToolResult result = Tool.Run("run", $"samples/{sample}.strace", "--format", "json", "--html", page.Name);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(result.Output).RootElement, Data(File.ReadAllText(page.Name), "report")));
    }

    [Fact]
    public void The_text_is_the_same_with_and_without_the_page()
    {
        using var page = new TemporaryFile();

        Assert.Equal(Tool.Run("run", "samples/linus-2023.strace").Output, Tool.Run("run", "samples/linus-2023.strace", "--html", page.Name).Output);
    }

    [Fact]
    public void Every_executed_call_is_in_the_page()
    {
        using var page = new TemporaryFile();
        JsonElement report = Tool.RunToJson(File.ReadAllText(Repository.Path("samples/realloc.strace")), "--html", page.Name);
        JsonElement[] calls = [.. Data(File.ReadAllText(page.Name), "calls").GetProperty("calls").EnumerateArray()];

        Assert.Equal(report.GetProperty("calls").GetInt32(), calls.Count(call => call[3].GetInt32() == 1));
        Assert.Equal(report.GetProperty("moves").GetArrayLength(), calls.Sum(call => call[5].GetInt32()));
    }

    [Fact]
    public void What_a_log_holds_cannot_end_the_element_that_holds_it()
    {
        using var page = new TemporaryFile();
        ToolResult result = Tool.RunWithInput("openat(AT_FDCWD, \"</script><!--<script>\", O_RDONLY) = 3\n", "run", "-", "--html", page.Name);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement call = Assert.Single(Data(File.ReadAllText(page.Name), "calls").GetProperty("calls").EnumerateArray());
        Assert.Contains("</script><!--<script>", call[4].GetString());
    }

    [Fact]
    public void A_shorter_page_replaces_a_longer_one_and_a_failed_run_leaves_it()
    {
        using var page = new TemporaryFile();
        Tool.Run("run", "samples/realloc.strace", "--html", page.Name);
        long longer = new FileInfo(page.Name).Length;
        Tool.Run("run", "samples/stack.strace", "--html", page.Name);
        string shorter = File.ReadAllText(page.Name);
        ToolResult failed = Tool.RunWithInput("munmap(\n", "run", "-", "--html", page.Name);

        Assert.True(shorter.Length < longer);
        Assert.EndsWith("</html>\n", shorter);
        Assert.Equal(2, failed.ExitCode);
        Assert.Equal(shorter, File.ReadAllText(page.Name));
    }

    [Fact]
    public void A_page_that_cannot_be_written_is_wrong_usage()
    {
        ToolResult result = Tool.Run("run", "samples/stack.strace", "--html", "samples");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("pageshift: --html: samples: found a directory, expected a file's name", result.ErrorLine);
    }

    [Fact]
    public void The_page_of_a_trace_holds_its_report_and_the_call_of_each_move()
    {
        TracedRun.SkipUnlessPermitted();
        using var program = new CProgram("""
            int main(void)
            {
                size_t n = 4 << 20;
                char *a = ANON(n);
                memset(a, 1, n);
                for (int i = 1; i <= 3; i++)
                    a = mremap(a, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, a - i * (16ul << 20));
                return 7;
            }
            """);
        using var page = new TemporaryFile();
        using var report = new TemporaryFile();

        Assert.Equal(7, Tool.Run("trace", "--format", "json", "--report", report.Name, "--html", page.Name, "--", program.Path).ExitCode);
        string html = File.ReadAllText(page.Name);
        JsonElement shown = Data(html, "report");
        JsonElement[] calls = [.. Data(html, "calls").GetProperty("calls").EnumerateArray()];
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(File.ReadAllText(report.Name)).RootElement, shown));
        Assert.Equal(
            shown.GetProperty("moves").EnumerateArray().Select(move => move.GetProperty("call").GetString()),
            calls.Where(call => call[5].GetInt32() == 1).Select(call => call[4].GetString()));
        Assert.Equal(3, Data(html, "plans").GetProperty("plans").GetArrayLength());
        Assert.DoesNotContain(calls, call => call[4].GetString()!.StartsWith("present", StringComparison.Ordinal));
    }

    /// <summary>The data that a page holds under a name.</summary>
    internal static JsonElement Data(string page, string name)
    {
        string begin = $"data-encoding=\"gzip base64\" id=\"{name}\">";
        int start = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        byte[] packed = Convert.FromBase64String(page[start..page.IndexOf("</script>", start, StringComparison.Ordinal)]);
        using var json = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        return JsonDocument.Parse(json).RootElement;
    }
}
