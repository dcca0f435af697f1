using System.Text;
using PageShift.Tests.Cli;
using Xunit;

namespace PageShift.Tests.PlantedFaults;

/// <summary>Each planted fault is caught, and the page on verification says by whom.</summary>
public sealed class PlantedFaultTests(CaughtFaults caught) : IClassFixture<CaughtFaults>
{
    private const string Document = "docs/verification.md";
    private const string Start = "<!-- generated: which layer catches which fault -->\n";
    private const string End = "<!-- end of generated -->\n";

    public static TheoryData<PlantedFault> Faults => [.. PlantedFault.All];

    [Fact]
    public void Without_a_fault_no_layer_finds_anything() => Assert.DoesNotContain(true, caught.By(null).Values);

    [Theory]
    [MemberData(nameof(Faults))]
    public void Each_planted_fault_is_caught(PlantedFault fault)
    {
        IReadOnlyDictionary<string, bool?> layers = caught.By(fault);

        Assert.Contains(true, layers.Values);
        Assert.True(layers[CaughtFaults.Check]); // the exhaustive check misses none that is not about the TLB or the mappings
    }

    /// <summary>The log tells how to run it again; so run, the faulty engine does the same, and the sound one does better.</summary>
    [Fact]
    public void A_counterexample_is_shown_and_kept_as_a_log_that_runs_again()
    {
        using var directory = new FaultDirectory();
        PlantedFault fault = PlantedFault.All.Single(one => one.Name == "never expands");

        (int exitCode, string output) = caught.RunTool(fault, "check", "--depth", CaughtFaults.CheckDepth, "-o", directory.Name);

        Assert.Equal(1, exitCode);
        Assert.EndsWith(": a counterexample: 2 entries were moved, but fewer are enough\n", output.Split("pageshift: the log is in")[0], StringComparison.Ordinal);
        string file = Assert.Single(Directory.GetFiles(directory.Name, "counterexample-*.strace"));
        string log = File.ReadAllText(file);
        Assert.StartsWith(log, output, StringComparison.Ordinal);
        string[] command = log.Split('\n').Single(line => line.StartsWith("# pageshift ", StringComparison.Ordinal))["# pageshift ".Length..].Replace("FILE", file, StringComparison.Ordinal).Split(' ');
        (int faultyExitCode, string faulty) = caught.RunTool(fault, command);
        Assert.Equal(0, faultyExitCode);
        Assert.Matches(@"\n  pageshift  2 \w+ ", faulty);
        ToolResult sound = Tool.Run(command);
        Assert.Equal((0, ""), (sound.ExitCode, sound.Error));
        Assert.Matches(@"\n  pageshift  1 \w+ ", sound.Output);
    }

    [Fact]
    public void The_page_on_verification_says_which_layer_catches_which()
    {
        string path = Repository.Path(Document);
        string text = File.ReadAllText(path);
        int from = text.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        int to = text.IndexOf(End, StringComparison.Ordinal);
        string table = Table();
        if (Environment.GetEnvironmentVariable("PAGESHIFT_REGENERATE") == "1")
            File.WriteAllText(path, text[..from] + table + text[to..]);
        else
            Assert.Equal(Comparable(text[from..to]), Comparable(table));
    }

    private string Table()
    {
        var text = new StringBuilder();
        text.Append("| the mover |").AppendJoin("", CaughtFaults.Layers.Select(layer => $" {layer} |")).Append('\n');
        text.Append("|---|").AppendJoin("", CaughtFaults.Layers.Select(_ => "---|")).Append('\n');
        foreach (PlantedFault fault in PlantedFault.All)
        {
            IReadOnlyDictionary<string, bool?> layers = caught.By(fault);
            text.Append($"| {fault.Name} |").AppendJoin("", CaughtFaults.Layers.Select(layer => layers[layer] == true ? " caught |" : " |")).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The table without the kernel's column, where there is no kernel to ask.</summary>
    private string Comparable(string table)
    {
        if (caught.By(null)[CaughtFaults.Kernel] is not null)
            return table;
        int column = CaughtFaults.Layers.IndexOf(CaughtFaults.Kernel) + 2;
        return string.Join('\n', table.Split('\n').Select(line => string.Join('|', line.Split('|').Where((_, i) => i != column))));
    }

    private sealed class FaultDirectory : IDisposable
    {
        internal string Name { get; } = Directory.CreateTempSubdirectory("pageshift-").FullName;

        public void Dispose() => Directory.Delete(Name, recursive: true);
    }
}
