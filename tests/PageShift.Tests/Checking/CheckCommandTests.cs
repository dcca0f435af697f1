using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using PageShift.Cli.Output.Json;
using PageShift.Tests.Cli;
using PageShift.Tests.Documentation;
using PageShift.Verification.Checking;
using Xunit;

namespace PageShift.Tests.Checking;

/// <summary><c>pageshift check</c> as a user meets it.</summary>
public sealed partial class CheckCommandTests : IDisposable
{
    private static readonly string DeepestText = CheckWorld.MostDepth.ToString(CultureInfo.InvariantCulture);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pageshift-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_check_ends_with_one_line_to_quote_and_with_0()
    {
        ToolResult result = Check("--depth", "4");

        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^(pageshift: [\d,]+ of [\d,]+ populations, [\d,]+ cases\n)*$", result.Error); // progress, where the machine is slow
        Assert.Matches(@"^depth 4: [\d,]+ cases, \d+\.\d s: no counterexample$", result.OutputLines[^1]);
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public void The_shards_results_add_up_to_the_checks()
    {
        JsonElement whole = JsonDocument.Parse(Check("--depth", "4", "--format", "json").Output).RootElement;
        string[] files = [.. Enumerable.Range(1, 3).Select(shard => Keep($"{shard}.json", "--depth", "4", "--shard", $"{shard}/3"))];

        JsonElement merged = JsonDocument.Parse(Tool.Run(["check", "--format", "json", "--merge", .. files]).Output).RootElement;

        Assert.Equal(3, merged.GetProperty("merged").GetInt32());
        Assert.True(merged.GetProperty("complete").GetBoolean());
        Assert.Equal(whole.GetProperty("worlds").GetRawText(), merged.GetProperty("worlds").GetRawText());
        ToolResult text = Tool.Run(["check", "--merge", .. files]);
        Assert.Equal(0, text.ExitCode);
        Assert.StartsWith("depth 4, 3 shards: ", text.OutputLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_of_shards_with_a_gap_or_a_double_is_wrong_input()
    {
        string first = Keep("1.json", "--depth", "3", "--shard", "1/2");
        string other = Keep("2.json", "--depth", "4", "--shard", "2/2");

        Refuses("pageshift: --merge: shard 2/2 is missing.", "--merge", first);
        Refuses("pageshift: --merge: found shard 1/2 twice.", "--merge", first, first);
        Refuses("pageshift: --merge: found shards of depth 3 and of depth 4.", "--merge", first, other);
        Refuses("pageshift: README.md: found no result of 'check --format json' in schema 1", "--merge", "README.md");
    }

    [Fact]
    public void Wrong_options_are_answered_with_what_was_expected()
    {
        RefusesValue($"--depth: found '25', expected a whole number from {CheckWorld.LeastDepth} to {CheckWorld.MostDepth}", "--depth", "25");
        RefusesValue("--shard: found '4/3', expected I/N with 1 <= I <= N, such as 3/8", "--shard", "4/3");
        RefusesValue("--workers: found '0', expected a whole number from 1 to 256", "--workers", "0");
        Refuses("pageshift: /nowhere/1.json: found no such file", "--merge", "/nowhere/1.json");
    }

    [Fact]
    public void A_merged_counterexample_ends_with_1_and_is_shown_as_a_log()
    {
        string sound = Keep("1.json", "--depth", "3", "--shard", "1/2");
        string text = File.ReadAllText(Keep("2.json", "--depth", "3", "--shard", "2/2"));
        int end = text.LastIndexOf('}');
        string failed = Path.Combine(_directory.FullName, "failed.json");
        File.WriteAllText(failed, text[..end].TrimEnd() + """
            , "counterexample": {"world": "w", "population": 7, "policy": "pageshift", "failure": "an entry is lost", "log": "# the log\n"}}
            """);

        ToolResult result = Tool.Run("check", "--merge", sound, failed);

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("# the log\n", result.Output, StringComparison.Ordinal);
        Assert.EndsWith(": a counterexample: an entry is lost\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_of_the_json_is_documented_and_every_documented_field_exists()
    {
        string part = File.ReadAllText(Repository.Path("docs/json.md")).Split("# The JSON of `check`")[1].Split("\n# ")[0];
        IEnumerable<string> documented = part.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(row => Quoted().Matches(row.Split('|')[1]).Select(m => m.Groups["name"].Value));

        Assert.Equal(JsonFields.Of(typeof(CheckDocument)), new SortedSet<string>(documented));
    }

    [Fact]
    public void A_log_runs_in_page_tables_of_another_shape()
    {
        const string Log = """
            mmap(0x3000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x3000
            mremap(0x3000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x13000) = 0x13000

            """;
        ToolResult small = Tool.RunWithInput(Log, "run", "-", "--geometry", "3x4", "--policy", "pageshift");
        Assert.Contains("congruent modulo 64 KiB", small.Output, StringComparison.Ordinal);
        Assert.Contains("1 PUD", small.Output, StringComparison.Ordinal);
        Assert.Contains("2 PTE", Tool.RunWithInput(Log, "run", "-", "--geometry", "5x512", "--policy", "pageshift").Output, StringComparison.Ordinal);
        foreach (string wrong in (string[])["3", "3x3", "1x4", "6x4", "3x512", "4x1024", "x", "-3x4"])
            Assert.Equal((2, $"pageshift: --geometry: found '{wrong}', expected levels and entries of a table, such as 4x512, 5x512 or 3x4"), Result("run", "-", $"--geometry={wrong}"));

        static (int ExitCode, string FirstLine) Result(params string[] arguments)
        {
            ToolResult result = Tool.RunWithInput("", arguments);
            return (result.ExitCode, result.Error.Split('\n')[0]);
        }
    }

    /// <summary>At this depth a population's search may take minutes; it ends all the same.</summary>
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void The_first_signal_ends_it(string signal, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The test sends signals.");
        using Process process = Tool.StartForSignals("check", "--depth", DeepestText, "-o", _directory.FullName);
        Assert.StartsWith("pageshift: ", process.StandardError.ReadLine(), StringComparison.Ordinal);
        using Process kill = Process.Start("kill", ["-s", signal, "--", $"-{process.Id}"]);

        Assert.True(process.WaitForExit(HangGuard.Limit), "it goes on");

        Assert.Equal(exitCode, process.ExitCode);
        Assert.DoesNotContain("   at ", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    private ToolResult Check(params string[] arguments) => Tool.Run(["check", "-o", _directory.FullName, .. arguments]);

    private string Keep(string name, params string[] arguments)
    {
        string path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, Check([.. arguments, "--format", "json"]).Output);
        return path;
    }

    private static void RefusesValue(string error, params string[] arguments)
    {
        ToolResult result = Tool.Run(["check", .. arguments]);
        Assert.Equal((2, $"pageshift: {error}\n", ""), (result.ExitCode, result.Error, result.Output));
    }

    private static void Refuses(string line, params string[] arguments)
    {
        ToolResult result = Tool.Run(["check", .. arguments]);
        Assert.Equal((2, line, ""), (result.ExitCode, result.ErrorLine, result.Output));
    }

    [GeneratedRegex("`(?<name>[A-Za-z0-9]+)`")]
    private static partial Regex Quoted();
}
