using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using PageShift.Tests.Cli;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The judge of kernels with the rule. The console is the engine's report, with counters that a kernel with the rule showed, or others. Measured: docs/kernels.md, 6.12-rule.</summary>
public sealed class RuleJudgeTests : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pageshift-judge-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("samples/linus-2023", 0, 1)]
    [InlineData("samples/neighbour", 1, 2)]
    [InlineData("tests/kernels/moves/dontunmap-from-the-middle", 0, 1)]
    [InlineData("tests/kernels/moves/emptied-table", 0, 1)] // the policy leaves the table, Linux moves it
    [InlineData("tests/kernels/moves/shrinks-pte", 0, 2)]
    [InlineData("tests/kernels/moves/start-neighbour-in-destination", 0, 3)]
    [InlineData("tests/kernels/moves/thp-split-by-the-place", 2, 4)]
    public void What_a_kernel_with_the_rule_did_is_right_and_nothing_else(string log, int tables, int flushes)
    {
        Assert.Equal(0, Judge(log, tables, flushes));
        Assert.Equal(1, Judge(log, tables, flushes + 1));
        Assert.Equal(1, Judge(log, tables + 1, flushes));
        Assert.Equal(1, Judge(log, tables, flushes, "wrong bytes"));
    }

    [Fact]
    public void A_log_without_an_answer_is_no_pass()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "console"), "=== done\n");

        Assert.Equal(2, Judge("samples/linus-2023"));
    }

    private int Judge(string log, int tables, int flushes, params string[] divergences)
    {
        ToolResult run = Tool.Run("run", log + ".strace", "--kernel", "6.12", "--format", "json");
        Assert.Equal(0, run.ExitCode);
        JsonNode report = JsonNode.Parse(run.Output)!;
        report["kernel"] = new JsonObject { ["release"] = "6.12.117", ["divergences"] = new JsonArray([.. divergences.Select(found => JsonValue.Create(found))]) };
        report["moves"]![0]!["kernel"] = new JsonObject { ["verdict"] = "disagreement", ["movesOfCall"] = 1, ["tablesAllocated"] = tables, ["tlbFlushes"] = flushes };
        string text = report.ToJsonString(Indented);
        File.WriteAllText(Path.Combine(_folder.FullName, "console"), $"=== {Path.GetFileName(log)}\r\n{text}\r\n=== exit 0\r\n=== done\n");
        return Judge(log);
    }

    private int Judge(string log)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "There is no python3.");
        // The judge runs the tool as one program.
        string tool = Path.Combine(_folder.FullName, "tool");
        File.WriteAllText(tool, $"#!/bin/sh\nexec dotnet '{Tool.Assembly}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        string[] arguments = [Repository.Path("linux/judge"), tool, Path.Combine(_folder.FullName, "console"), Repository.Path(log + ".strace")];
        using Process judge = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true })!;
        judge.StandardOutput.ReadToEnd();
        judge.WaitForExit();
        return judge.ExitCode;
    }
}
