using System.Runtime.Versioning;
using System.Text.Json;
using PageShift.Tests.HtmlPages;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>trace --compare</c> and <c>--place congruent</c>, as a user runs them.</summary>
public sealed class TraceComparisonTests
{
    private const string Growing = """
        int main(int count, char **arguments)
        {
            for (int i = 0; i < 3; i++) {
                size_t n = 4 << 20;
                char *to = ANON(2 * n); // where the kernel will move it to, 64 KiB from congruent
                munmap(to, 2 * n);
                char *a = mmap(to - (i + 1UL) * (1 << 30) + (64 << 10), n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
                if (a == MAP_FAILED)
                    return 2;
                mprotect(a + n, 4096, PROT_READ);
                memset(a, 1, n);
                a = mremap(a, n, 2 * n, MREMAP_MAYMOVE);
                if (a == MAP_FAILED || a[n - 1] != 1)
                    return 1;
            }
            int c, bytes = 0;
            while ((c = getchar()) != EOF)
                bytes++;
            printf("%d bytes\n", bytes);
            return count > 1 ? 3 : 0;
        }
        """;

    public TraceComparisonTests() => TracedRun.SkipUnlessPermitted();

    [Fact]
    public void The_two_runs_stand_side_by_side()
    {
        using var program = new CProgram(Growing);
        using var input = new TemporaryFile("12345");

        ToolResult result = Tool.RunUnder(["sh", "-c", "exec \"$@\" <" + input.Name, "sh"], "trace", "--compare", "--", program.Path, "x");

        Assert.Equal((3, "5 bytes\n5 bytes\n"), (result.ExitCode, result.Output));
        Assert.Matches(@"\n +as it is +congruent places\n", result.Error);
        Assert.Matches(@"\n +exit code +3 +3\n", result.Error);
        Assert.Matches(@"\n +moves +3 +3\n", result.Error);
        Assert.Matches(@"\n +of these congruent +0 +3\n", result.Error);
        Assert.Matches(@"\n +entries, linux-6\.7 +3,072 PTE +\S.*\n", result.Error);
        Assert.Contains("3 moves that left the destination to the kernel: each got a congruent one.", result.Error);
        Assert.DoesNotContain("note: standard input", result.Error);
        Assert.DoesNotContain("differed", result.Error);
    }

    [Theory]
    [InlineData("--top=10")]
    [InlineData("--details")]
    [InlineData("--by=site")]
    [InlineData("--place=congruent")]
    [InlineData("--compare")]
    public void No_line_of_a_report_is_wider_than_100_columns_unless_one_word_is(string option)
    {
        using var program = new CProgram(Growing);

        string report = Tool.RunWithInput("1", "trace", option, "--", program.Path).Error;

        Assert.Contains("3 moves", report);
        Assert.All(report.Split('\n'), line => Assert.True(line.Length <= 100 || line.Split(' ').Any(word => word.Length > 50), line));
    }

    [Fact]
    public void The_json_has_both_runs()
    {
        using var program = new CProgram(Growing);

        JsonElement json = JsonDocument.Parse(Tool.RunWithInput("12", "trace", "--compare", "--format", "json", "--", program.Path).Error).RootElement;

        Assert.True(json.GetProperty("endedAlike").GetBoolean());
        Assert.False(json.GetProperty("sameInput").GetBoolean());
        JsonElement first = json.GetProperty("asItIs"), second = json.GetProperty("congruentPlaces");
        Assert.Equal((3, 0, 3072), (Of(first, "moves"), Of(first, "congruentMoves"), Of(first, "entriesLinux67")));
        Assert.Equal((3, 3), (Of(second, "moves"), Of(second, "congruentMoves")));
        Assert.True(Of(second, "entriesLinux67") < 3072);
        Assert.True(Of(second, "entriesPageShift") < 3072);
        Assert.Equal(3, Of(second.GetProperty("placement"), "placed"));
        Assert.False(first.TryGetProperty("placement", out _));
        Assert.NotEqual(first.TryGetProperty("tlbFlushes", out _), first.TryGetProperty("whyNotCounted", out _));

        static int Of(JsonElement parent, string name) => parent.GetProperty(name).GetInt32();
    }

    [Fact]
    public void The_page_has_both_runs_and_the_moves_of_the_first()
    {
        using var program = new CProgram(Growing);
        using var page = new TemporaryFile();

        ToolResult result = Tool.RunWithInput("", "trace", "--compare", "--html", page.Name, "--", program.Path);

        Assert.Equal(0, result.ExitCode);
        string html = File.ReadAllText(page.Name);
        JsonElement head = PageTests.Data(html, "plans");
        JsonElement moves = Assert.Single(head.GetProperty("comparison").EnumerateArray(), row => row.GetProperty("name").GetString() == "moves");
        Assert.Equal(("3", "3"), (moves.GetProperty("asItIs").GetString(), moves.GetProperty("congruent").GetString()));
        Assert.StartsWith("With congruent places its moves take", head.GetProperty("headline").GetString());
        Assert.All(PageTests.Data(html, "report").GetProperty("moves").EnumerateArray(), move => Assert.Equal("pte", move.GetProperty("congruent").GetString()));
        Assert.Equal(3, PageTests.Data(html, "calls").GetProperty("calls").EnumerateArray().Sum(call => call[5].GetInt32()));
    }

    [Fact]
    public void The_kernels_counts_stand_beside_each_move()
    {
        using var program = new CProgram(Growing);
        using var report = new TemporaryFile();

        ToolResult text = Tool.Run("trace", "--count", "--details", "--", program.Path);
        ToolResult json = Tool.Run("trace", "--count", "--format", "json", "--report", report.Name, "--", program.Path);

        Assert.Equal((0, 0), (text.ExitCode, json.ExitCode));
        JsonElement root = JsonDocument.Parse(File.ReadAllText(report.Name)).RootElement;
        JsonElement[] moves = [.. root.GetProperty("moves").EnumerateArray()];
        Assert.Equal(3, moves.Length);
        if (root.TryGetProperty("whyNotCounted", out JsonElement reason))
        {
            Assert.Contains($"note: the kernel's counters are missing: {reason}", text.ErrorWords);
            Assert.All(moves, move => Assert.False(move.TryGetProperty("kernel", out _)));
            return;
        }

        JsonElement kernel = root.GetProperty("kernel");
        Assert.Equal(3, kernel.GetProperty("agreements").GetInt64() + kernel.GetProperty("disagreements").GetInt64());
        Assert.All(moves, move =>
        {
            JsonElement measured = move.GetProperty("kernel");
            JsonElement predicted = MoveJson.Policy(move, measured.GetProperty("predictedBy").GetString()!);
            bool isAsPredicted = measured.GetProperty("tlbFlushes").GetInt64() == predicted.GetProperty("tlbFlushes").GetInt64()
                && measured.GetProperty("tablesAllocated").GetInt64() <= predicted.GetProperty("tablesAllocated").GetInt64();
            Assert.Equal(isAsPredicted ? "agreement" : "disagreement", measured.GetProperty("verdict").GetString());
            Assert.True(measured.GetProperty("tlbFlushes").GetInt64() > 0);
        });
        Assert.Equal(3, text.Error.Split('\n').Count(line => line.Contains(", measured ", StringComparison.Ordinal) && line.Contains("extents", StringComparison.Ordinal)) - 1);
        Assert.Contains($"what {kernel.GetProperty("predictedBy")} predicts in", text.ErrorWords);
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void What_was_not_counted_has_no_sum()
    {
        using var program = new CProgram(Growing);
        using var folder = new OthersFolder();
        string copy = folder.Copy(program.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        ToolResult result = folder.Run("trace", "--count", "--", copy);

        Assert.SkipUnless(result.ErrorWords.Contains("the kernel's counters are missing", StringComparison.Ordinal), "Everybody may count here.");
        string sum = Assert.Single(result.Error.Split('\n'), line => line.EndsWith("all 3 moves", StringComparison.Ordinal));
        Assert.Equal("-", sum.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^4]);
    }

    [Fact]
    public void The_second_run_alone_has_the_full_report()
    {
        using var program = new CProgram(Growing);

        ToolResult result = Tool.Run("trace", "--place", "congruent", "--", program.Path);

        Assert.Equal((0, "0 bytes\n"), (result.ExitCode, result.Output));
        Assert.Contains("3 moves (3 congruent)", result.Error);
        Assert.Contains("3 moves that left the destination to the kernel: each got a congruent one.", result.Error);
        Assert.Contains("Engine and kernel agreed after each of", result.Error);
    }

    [Theory]
    [InlineData("--top", "3")]
    [InlineData("--place", "congruent")]
    [InlineData("-o", "x")]
    public void What_the_comparison_does_not_have_is_refused(params string[] option)
    {
        ToolResult result = Tool.Run(["trace", "--compare", .. option, "--", "true"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("found --compare too, which shows no single moves", result.Error);
    }

    [Fact]
    public void A_process_that_runs_already_keeps_its_places()
    {
        ToolResult result = Tool.Run("trace", "-p", "1", "--compare");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("-p: found --place or --compare too, expected a COMMAND with them", result.Error);
    }
}
