using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What each option of <c>run</c> does.</summary>
public sealed class RunOptionTests
{
    private const string Aligned = """
        mmap(0x10000000, 4*MB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000
        memset(0x10000000, 1, 3*PAGE)
        mremap(0x10000000, 4*MB, 4*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000

        """;

    [Theory]
    [InlineData("all", "1024 PTE", "2 PMD")]
    [InlineData("written", "3 PTE", "1 PMD")]
    [InlineData("none", "", "")]
    public void Populate_says_which_pages_are_present(string populate, string linux420, string linux50)
    {
        JsonElement run = Tool.RunToJson(Aligned, "--populate", populate);

        JsonElement move = run.GetProperty("moves")[0];
        Assert.Equal((linux420, linux50), (MoveJson.Entries(move, "linux-4.20"), MoveJson.Entries(move, "linux-5.0")));
        Assert.Equal(populate, run.GetProperty("log").GetProperty("populate").GetString());
    }

    [Fact]
    public void Policy_selects_the_rows_in_the_order_given_and_each_once()
    {
        JsonElement move = Tool.RunToJson(Aligned, "--policy", "linux-6.7", "--policy", "linux-4.20", "--policy", "linux-6.7").GetProperty("moves")[0];

        Assert.Equal(["linux-6.7", "linux-4.20"], move.GetProperty("policies").EnumerateArray().Select(p => p.GetProperty("policy").GetString()));
    }

    [Fact]
    public void An_obstacle_at_address_0_is_named()
    {
        const string Log = """
            mmap(0, 9*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0
            mremap(0x1000, 8*PAGE, 8*PAGE, MREMAP_MAYMOVE|MREMAP_FIXED, 0x11000) = 0x11000

            """;

        JsonElement move = Tool.RunToJson(Log, "--geometry", "3x4").GetProperty("moves")[0];

        Assert.All(MoveJson.Policy(move, "pageshift").GetProperty("boundaries").EnumerateArray().Where(b => b.GetProperty("end").GetString() == "start"), boundary =>
            Assert.Equal(("entryInSource", "0x0"), (boundary.GetProperty("outcome").GetString(), boundary.GetProperty("obstacle").GetString())));
        Assert.All(MoveJson.Policy(move, "linux-6.7").GetProperty("boundaries").EnumerateArray(), boundary => Assert.False(boundary.TryGetProperty("obstacle", out _)));
    }

    [Fact]
    public void A_result_that_differs_is_a_divergence_and_exit_code_1_with_verify_only()
    {
        const string Log = """
            mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000
            munmap(0x10000000, 4096) = -1 EINVAL (Invalid argument)
            mprotect(0x10000001, 4096, PROT_READ) = 0

            """;

        ToolResult lax = Tool.RunWithInput(Log, "run", "-");
        ToolResult strict = Tool.RunWithInput(Log, "run", "-", "--verify");
        JsonElement json = Tool.RunToJson(Log, "--verify");

        Assert.Equal(0, lax.ExitCode);
        Assert.Contains("note: 2 calls ended differently here than in the log (--verify names them)", lax.OutputLines);
        Assert.Equal(1, strict.ExitCode);
        Assert.Contains("-:2: munmap diverges: expected EINVAL, got 0x0", strict.OutputLines);
        Assert.Contains("-:3: mprotect diverges: expected 0x0, got EINVAL", strict.OutputLines);
        Assert.DoesNotContain(strict.OutputLines, line => line.StartsWith("verified", StringComparison.Ordinal));
        Assert.Equal(2, json.GetProperty("divergenceCount").GetInt32());
        JsonElement first = json.GetProperty("divergences")[0];
        Assert.Equal((2, "munmap", "EINVAL", "0x0"),
            (first.GetProperty("line").GetInt32(), first.GetProperty("call").GetString(), first.GetProperty("expected").GetString(), first.GetProperty("actual").GetString()));
    }

    [Fact]
    public void Results_that_agree_are_verified_errors_included()
    {
        ToolResult result = Tool.RunWithInput(
            "munmap(0x10000001, 4096) = -1 EINVAL (Invalid argument)\nmremap(0x10000000, 4096, 0, 0) = -1 EINVAL (Invalid argument)\n", "run", "-", "--verify");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("verified: every result is as the log says", result.OutputLines);
    }

    [Fact]
    public void A_handwritten_call_without_a_result_has_to_succeed()
    {
        ToolResult result = Tool.RunWithInput("munmap(0x10000001, 4096)\n", "run", "-");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("-:1: munmap diverges: expected success, got EINVAL", result.OutputLines);
    }

    [Fact]
    public void Lenient_counts_the_lines_it_cannot_read_and_goes_on()
    {
        string log = $"munmap(not a call)\n{Aligned}munmap(also, not a call)\n";

        ToolResult text = Tool.RunWithInput(log, "run", "-", "--lenient");
        JsonElement json = Tool.RunToJson(log, "--lenient");

        Assert.Equal(0, text.ExitCode);
        Assert.Contains("note: 2 lines skipped as unreadable", text.OutputLines);
        Assert.Contains(text.OutputLines, line => line.StartsWith("warning: -:1:", StringComparison.Ordinal));
        Assert.Equal(2, json.GetProperty("log").GetProperty("warnings").GetInt32());
        Assert.Equal(1, json.GetProperty("moves").GetArrayLength());
    }

    [Fact]
    public void Top_shows_the_largest_moves_first_and_the_sum_of_all()
    {
        string log = string.Concat(Enumerable.Range(1, 12).Select(i => $"""
            mmap({i}*GB, {i}*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
            mremap({i}*GB, {i}*PAGE, {i}*PAGE, MREMAP_MAYMOVE|MREMAP_FIXED, {i}*GB + 512*MB)

            """));

        ToolResult ten = Tool.RunWithInput(log, "run", "-");
        ToolResult two = Tool.RunWithInput(log, "run", "-", "--top", "2");
        ToolResult all = Tool.RunWithInput(log, "run", "-", "--top", "12");

        Assert.Equal([24, 22, 20, 18, 16, 14, 12, 10, 8, 6], LinesOfMoves(ten));
        Assert.Equal([24, 22], LinesOfMoves(two));
        Assert.Equal([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24], LinesOfMoves(all));
        Assert.All(new[] { ten, two, all }, result => Assert.Contains(result.OutputLines, line => Regex.IsMatch(line, "^  pageshift +12 PMD ")));
    }

    [Fact]
    public void Standard_input_is_a_log_named_by_a_dash()
    {
        JsonElement run = Tool.RunToJson(Aligned);

        Assert.Equal("-", run.GetProperty("file").GetString());
        Assert.Equal(3, run.GetProperty("calls").GetInt32());
    }

    private static int[] LinesOfMoves(ToolResult result) =>
    [
        .. result.OutputLines.Where(line => line.StartsWith("line ", StringComparison.Ordinal))
            .Select(line => int.Parse(line["line ".Length..line.IndexOf(':', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)),
    ];
}
