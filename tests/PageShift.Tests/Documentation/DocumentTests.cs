using System.Text.Json;
using System.Text.RegularExpressions;
using PageShift.Cli.Output.Json;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Moving;
using PageShift.Tests.Cli;
using PageShift.Tests.Linux;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Documentation;

/// <summary>What the documents show is what the tool does; what they link to is there.</summary>
public sealed partial class DocumentTests : IDisposable
{
    private const string RunningKernel = "## The running kernel";
    private const string JsonOfTrace = "# The JSON of `trace`";
    private const string JsonOfExplain = "# The JSON of `explain`";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pageshift-");

    public DocumentTests() => Directory.CreateSymbolicLink(Path.Combine(_directory.FullName, "samples"), Repository.Path("samples"));

    public static TheoryData<string> Documents => [.. Repository.Files().Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_shown_command_prints_what_is_shown(string document)
    {
        if (document == "docs/tracing.md")
            TracedRun.SkipUnlessPermitted();
        foreach (ShownCommand shown in ShownCommand.In(document))
        {
            (int exitCode, string output) = shown.Run(_directory.FullName);

            Assert.True(exitCode == 0, $"{shown.File}:{shown.Line}: '{shown.Command}' ended with {exitCode}");
            if (Environment.GetEnvironmentVariable("PAGESHIFT_REGENERATE") == "1")
                shown.Replace(output);
            else
                Assert.True(shown.Output == output, $"{shown.File}:{shown.Line}: '{shown.Command}' printed:\n{output}");
        }
    }

    [Fact]
    public void The_readmes_first_command_does_the_main_job_and_its_second_runs_all_tests()
    {
        IEnumerable<string> commands = File.ReadLines(Repository.Path("README.md"))
            .Select(line => line.StartsWith("$ ", StringComparison.Ordinal) ? line[2..] : line)
            .Where(line => line.StartsWith("./", StringComparison.Ordinal));

        Assert.Equal(["./pageshift run samples/linus-2023.strace", "./test"], commands.Take(2));
        Assert.Equal("./pageshift run samples/linus-2023.strace", ShownCommand.In("README.md").First().Command);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_to_a_file_leads_to_one(string document)
    {
        string text = File.ReadAllText(Repository.Path(document));
        string folder = Path.GetDirectoryName(document)!;
        foreach (Match link in Link().Matches(text))
        {
            string target = link.Groups["target"].Value;
            string[] parts = target.Split('#');
            string file = parts[0].Length == 0 ? document : Path.Combine(folder, parts[0]);
            Assert.True(Path.Exists(Repository.Path(file)), $"{document} links to {target}, which is not there");
            if (parts.Length == 2)
                Assert.Contains(parts[1], File.ReadAllLines(Repository.Path(file)).Where(l => l.StartsWith('#')).Select(Anchor));
        }
    }

    public static TheoryData<string> Guides => [.. Repository.Files().Where(f => f.StartsWith("docs/", StringComparison.Ordinal) && f.EndsWith(".md", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Guides))]
    public void A_document_begins_with_what_its_reader_can_do_after_it_and_is_in_the_index(string document)
    {
        string[] lines = File.ReadAllLines(Repository.Path(document));
        Assert.StartsWith("After this page you can ", lines.Skip(1).First(line => line.Length != 0), StringComparison.Ordinal);
        if (document != "docs/README.md")
            Assert.Contains($"]({Path.GetFileName(document)})", File.ReadAllText(Repository.Path("docs/README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_readmes_ladder_is_what_the_samples_cost()
    {
        string[] samples = ["stack", "linus-2023", "one-level-up", "gigabyte-2"];
        JsonElement[] moves = [.. samples.Select(s => Tool.RunFileToJson($"samples/{s}.strace").GetProperty("moves")[0])];
        string[] readme = File.ReadAllLines(Repository.Path("README.md"));
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            string name = MovePolicyName.Of(policy);
            string row = Assert.Single(readme, line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal));
            Assert.Equal(
                moves.Select(move => MoveJson.Entries(move, name).Replace(", warned", " and a warning", StringComparison.Ordinal)),
                row.Split('|')[3..^1].Select(cell => cell.Trim().Replace(",", "", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Every_field_of_the_json_is_documented_and_every_documented_field_exists()
    {
        var written = new SortedSet<string>();
        foreach (string sample in Directory.GetFiles(Repository.Path("samples"), "*.strace"))
            Collect(Tool.RunFileToJson(sample), written);
        Collect(Tool.RunToJson("munmap(0x1001, 4096) = 0\n", "--verify"), written);
        Collect(Tool.RunFileToJson(Repository.Path("tests/logs/arm64-48.log")), written);
        Collect(Tool.RunFileToJson(Repository.Path("tests/logs/not-explained.log")), written);

        Assert.Equal(DocumentedFields(text => text.Split(RunningKernel)[0]), written);
    }

    [Fact]
    public void Every_field_of_the_json_about_the_running_kernel_is_documented()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        using KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        if (probe is null)
            Assert.Skip(reason ?? "no reason was given");
        var written = new SortedSet<string>();
        foreach (string log in (string[])[File.ReadAllText(Repository.Path("samples/linus-2023.strace")), File.ReadAllText(Repository.Path("samples/stack.strace")), KernelRunTests.PartingLog])
        {
            JsonElement run = Tool.RunToJson(log, "--on", "both");
            Collect(run.GetProperty("kernel"), written);
            foreach (JsonElement move in run.GetProperty("moves").EnumerateArray())
                Collect(move.GetProperty("kernel"), written);
        }

        Assert.Equal(DocumentedFields(text => text.Split(RunningKernel)[1].Split("\n# ")[0]), written);
    }

    [Fact]
    public void Every_field_of_the_json_of_a_trace_is_documented()
    {
        TracedRun.SkipUnlessPermitted();
        using var program = new CProgram("""
            #include <sys/personality.h>
            int main(void)
            {
                size_t n = 4 << 20;
                char *a = ANON(n);
                memset(a, 1, n);
                *(char *)mmap(a - (1 << 21), 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) = 1;
                a = mremap(a, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1ul << 30) + 4096);
                a = mremap(a, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1ul << 30));
                personality(READ_IMPLIES_EXEC);
                a = ANON(4096);
                raise(SIGKILL);
            }
            """);
        using var report = new TemporaryFile();
        Assert.Equal(137, Tool.Run("trace", "--format", "json", "--report", report.Name, "--", program.Path).ExitCode);
        var written = new SortedSet<string>();
        Collect(JsonDocument.Parse(File.ReadAllText(report.Name)).RootElement, written);

        // Not every run and every system has the process that ran already, samples, and names.
        SortedSet<string> optional = ["attached", "detached", "samples", "lostSamples", "whyNotSampled", "stack", "function", "place", "source", "line", "placement", "placed", "notPlaced", "whyNotCounted"];
        Assert.Equal(DocumentedFields(text => text.Split(JsonOfTrace)[1].Split("\n# ")[0]).Union(optional).Order(), written.Except(DocumentedFields(PolicyFields)).Union(optional).Order());
    }

    [Fact]
    public void Every_field_of_the_json_of_an_explanation_is_documented()
    {
        var written = new SortedSet<string>();
        Collect(Explained.Json("samples/neighbour.strace:7"), written);
        SortedSet<string> documented = DocumentedFields(text => text.Split(JsonOfExplain)[1].Split("\n# ")[0]);

        Assert.Subset(written, documented);
        Assert.Empty(written.Except(documented).Except(DocumentedFields(PolicyFields)));
    }

    [Fact]
    public void Every_field_that_a_report_can_have_is_documented()
    {
        SortedSet<string> policy = DocumentedFields(PolicyFields);

        Assert.Equal(Fields(typeof(RunHead), typeof(RunMove)), DocumentedFields(text => text.Split(JsonOfTrace)[0]));
        Assert.Equal(Fields(typeof(TraceHead), typeof(TraceMove)), [.. DocumentedFields(text => text.Split(JsonOfTrace)[1].Split("\n# ")[0]), .. policy, .. DocumentedFields(text => text.Split(RunningKernel)[1].Split("\n# ")[0]), "file"]); // of a divergence of 'run'
        Assert.Equal(Fields(typeof(ExplainDocument)), [.. DocumentedFields(text => text.Split(JsonOfExplain)[1].Split("\n# ")[0]), .. policy]);
        Assert.Subset(new SortedSet<string>(Quoted().Matches(File.ReadAllText(Repository.Path("docs/speed.md"))).Select(m => m.Groups["name"].Value)), JsonFields.Of(typeof(BenchDocument)));

        // The moves are streamed behind the rest; "pgd", of which no sample has one, is named beside the other levels.
        static SortedSet<string> Fields(params Type[] parts) => [.. JsonFields.Of(parts).Except(["pgd"]), "moves"];
    }

    [Theory]
    [InlineData("walk", typeof(WalkDocument))]
    [InlineData("tables", typeof(TablesDocument))]
    [InlineData("trace --compare", typeof(TraceComparisonDocument))]
    public void Every_field_of_a_documents_json_is_documented(string verb, Type document) =>
        Assert.Equal(JsonFields.Of(document), DocumentedFields(text => text.Split($"# The JSON of `{verb}`\n")[1].Split("\n# ")[0]));

    [Fact]
    public void Every_outcome_of_a_boundary_is_documented()
    {
        string row = Assert.Single(File.ReadAllLines(Repository.Path("docs/json.md")), line => line.StartsWith("| `outcome` | `expanded`", StringComparison.Ordinal));

        Assert.Equal(
            Enum.GetNames<BoundaryOutcome>().Select(JsonNamingPolicy.CamelCase.ConvertName).Order(),
            Quoted().Matches(row).Select(m => m.Groups["name"].Value).Skip(1).Order());
    }

    /// <summary>What describes a policy's cost, in the report of run and of trace.</summary>
    private static string PolicyFields(string text) => text.Split("## A policy")[1].Split(RunningKernel)[0];

    private static SortedSet<string> DocumentedFields(Func<string, string> part)
    {
        var documented = new SortedSet<string>();
        foreach (string row in part(File.ReadAllText(Repository.Path("docs/json.md"))).Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
            documented.UnionWith(Quoted().Matches(row.Split('|')[1]).Select(m => m.Groups["name"].Value));
        return documented;
    }

    private static void Collect(JsonElement element, SortedSet<string> names)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                names.Add(property.Name);
                if (property.Name != "unexplainedErrors") // its fields are errors
                    Collect(property.Value, names);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
                Collect(item, names);
        }
    }

    /// <summary>The anchor of a heading, as it is made from its text.</summary>
    private static string Anchor(string heading) =>
        string.Concat(heading.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?://)(?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`(?<name>[A-Za-z0-9]+)`")]
    private static partial Regex Quoted();
}
