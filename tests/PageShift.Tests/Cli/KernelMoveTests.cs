using System.Diagnostics;
using System.Text.Json;
using PageShift.Calls.Execution;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Running;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.PageTables;
using PageShift.Tests.Linux;
using PageShift.Verification.Kernels;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>The moves that are run on booted kernels (tests/kernels), on the kernel of this machine.</summary>
public sealed class KernelMoveTests
{
    public static TheoryData<string> Moves => [.. Directory.GetFiles(Repository.Path("tests/kernels/moves"), "*.strace").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    [Theory]
    [MemberData(nameof(Moves))]
    public void This_kernel_makes_the_move_as_is_predicted(string move)
    {
        RunningKernel kernel = KernelOrSkip();
        var log = new LogSettings
        {
            Policies = [kernel.Policy],
            Executing = kernel.Policy,
            Geometry = PagingGeometry.X86,
            Populate = PopulateAssumption.All,
            Profile = kernel.Profile,
        };
        using var text = new MemoryStream();
        using var output = new RunJson(text);

        RunReport report = LogRun.Execute(new RunSettings(log, Repository.Path($"tests/kernels/moves/{move}.strace")) { On = Executors.Both, Kernel = kernel }, output);

        Assert.Empty(report.KernelDivergences.Select(placed => placed.Found.ToString()));
        Assert.Equal((0, 0), (report.Kernel.Disagreements, report.Kernel.NotObservable));
    }

    /// <summary>1,100 tables of PTEs, and those above them. Measured on booted kernels: docs/kernels.md.</summary>
    [Theory]
    [InlineData("6.12", 1100 + 1)]
    [InlineData("6.18", 1100 + 3)]
    public void Freed_tables_are_flushed_for_as_the_release_does(string release, long expected)
    {
        ToolResult result = Tool.Run("run", "tests/kernels/moves/tables-1100.strace", "--kernel", release, "--policy", "linux-6.7", "--format", "json");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement move = JsonDocument.Parse(result.Output).RootElement.GetProperty("moves")[0];
        Assert.Equal(expected, MoveJson.Policy(move, "linux-6.7").GetProperty("tlbFlushes").GetInt64());
    }

    [Theory]
    [InlineData("6", "expected a release such as 6.1")]
    [InlineData("six.one", "expected a release such as 6.1")]
    public void Another_word_is_no_release(string word, string expected)
    {
        ToolResult result = Tool.Run("run", "samples/stack.strace", "--kernel", word);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error);
    }

    [Fact]
    public void The_document_shows_what_was_measured()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "There is no python3.");
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Repository.Path("tests/kernels/table.py"), "--document"]) { RedirectStandardOutput = true })!;
        string table = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Contains(table, File.ReadAllText(Repository.Path("docs/kernels.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_moves_enough() => Assert.InRange(Moves.Count, 40, 200);

    private static RunningKernel KernelOrSkip()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        using KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        if (probe is null)
            Assert.Skip(reason ?? "no reason was given");
        return RunningKernel.TryProbe(out reason) ?? throw new InvalidOperationException(reason);
    }
}
