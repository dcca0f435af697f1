using System.Diagnostics;
using System.Text.Json;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>conform</c> as a user runs it: on the engine, on the running kernel, and behind commands, among them some that end before the suite does.</summary>
public sealed class ConformCommandTests
{
    [Fact]
    public void On_the_engine_everything_passes_in_every_format()
    {
        ToolResult text = Tool.Run("conform", "--only", "munmap"), tap = Tool.Run("conform", "--only", "munmap", "--format", "tap");
        using JsonDocument json = Json("--only", "munmap");
        int points = json.RootElement.GetProperty("results").GetArrayLength();
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.StartsWith("engine: 6 cases of pageshift conform", text.Output, StringComparison.Ordinal);
        Assert.Equal("TAP version 14", tap.OutputLines[0]);
        Assert.Equal($"1..{points}", tap.OutputLines[1]);
        Assert.Equal(points, tap.OutputLines.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_harness_reads_the_output()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prove"), "prove is not installed.");
        string tap = Tool.Run("conform", "--only", "munmap", "--format", "tap").Output;
        // An older harness takes the newer number alone for a failure.
        using var output = new TemporaryFile(tap.Replace("TAP version 14\n", "TAP version 13\n", StringComparison.Ordinal));
        using Process prove = Process.Start(new ProcessStartInfo("/usr/bin/prove", ["-e", "cat", output.Name]) { RedirectStandardOutput = true })!;

        string verdict = prove.StandardOutput.ReadToEnd();
        prove.WaitForExit();

        Assert.Equal(0, prove.ExitCode);
        Assert.Contains("Result: PASS", verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("the suite's", "'the suite'\\''s'")]
    public void The_command_that_is_shown_can_be_pasted(string name, string shown)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("pageshift-conform-");
        try
        {
            ToolResult result = Tool.RunCopyUnder(Tool.Assembly, folder.FullName, [], "conform", "--only", "munmap_splits", "--export", name);

            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.EndsWith($" Build and run: make -C {shown} check\n", result.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void On_the_running_kernel_nothing_fails()
    {
        SkipWithoutCompiler();
        string? reason = LockstepSurroundings.ReasonAgainstCases();
        Assert.SkipWhen(reason is not null, reason ?? "");
        using JsonDocument json = Json("--on", "linux");
        JsonElement[] results = [.. json.RootElement.GetProperty("results").EnumerateArray()];
        Assert.DoesNotContain(results, result => OutcomeOf(result) == "failed");
        Assert.Equal("linux", json.RootElement.GetProperty("on").GetString());
        foreach (JsonElement level in json.RootElement.GetProperty("levels").EnumerateArray())
        {
            string name = level.GetProperty("level").GetString()!;
            JsonElement[] of = [.. results.Where(result => result.GetProperty("level").GetString() == name)];
            Assert.Equal(of.Count(result => OutcomeOf(result) == "passed"), level.GetProperty("passed").GetInt32());
            Assert.Equal(of.Count(result => OutcomeOf(result) == "notApplicable"), level.GetProperty("notApplicable").GetInt32());
            Assert.InRange(level.GetProperty("passed").GetInt32(), 1, of.Length);
        }
    }

    [Fact]
    public void What_is_newer_than_the_profile_is_left_out()
    {
        SkipWithoutCompiler();
        using JsonDocument json = Json("--on", "linux", "--kernel", "6.9", "--only", "munmap");
        Assert.Contains(json.RootElement.GetProperty("results").EnumerateArray(), result =>
            OutcomeOf(result) == "notApplicable" && result.GetProperty("reason").GetString() == "Linux has it since 6.10, which is newer than the profile");
    }

    [Theory]
    [InlineData("kill -9 $PPID")]
    [InlineData("exit 7")]
    public void A_system_that_ends_with_a_case_fails_it_and_the_next_is_run(string ending)
    {
        SkipWithoutCompiler();
        // The command runs each case alone, and ends at two of them.
        string command = Script($$"""
            shift_to() { while [ "$1" != --from ]; do shift; done; echo "$2"; }
            case $(shift_to "$@") in munmap_splits) {{ending}};; esac
            exec "$@" --only munmap_arguments
            """);
        using JsonDocument json = Json("--on", command, "--only", "munmap");
        JsonElement[] results = [.. json.RootElement.GetProperty("results").EnumerateArray()];
        Assert.All(results.Where(result => CaseOf(result) == "munmap_arguments"), result => Assert.Equal("passed", OutcomeOf(result)));
        Assert.All(results.Where(result => CaseOf(result) != "munmap_arguments"), result =>
        {
            Assert.Equal("failed", OutcomeOf(result));
            Assert.StartsWith("the system ended with it: ", result.GetProperty("found").GetString(), StringComparison.Ordinal);
        });
        Assert.Equal(6, results.Select(CaseOf).Distinct().Count());
    }

    [Fact]
    public void Noise_of_a_command_is_passed_over()
    {
        SkipWithoutCompiler();
        string command = Script("echo 'emulator: {\"case\": of noise}'\nexec \"$@\"");
        ToolResult result = Tool.Run("conform", "--on", command, "--only", "munmap_then");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Theory]
    [InlineData("/no/such/program", "--on: found '/no/such/program', which can't be started (No such file or directory), expected engine, linux, or a command ")]
    [InlineData("nosuch -q", "--on: found 'nosuch', which can't be started (No such file or directory), expected ")]
    [InlineData("/etc/passwd", "--on: found '/etc/passwd', which can't be started (Permission denied), expected ")]
    [InlineData("false -q", "--on: found 'false -q', which ended before the first case did (exit code 1), expected a command that runs the program behind it")]
    public void A_command_that_runs_nothing_is_exit_code_3(string command, string message)
    {
        SkipWithoutCompiler();
        ToolResult result = Tool.Run("conform", "--on", command, "--only", "munmap");
        Assert.Equal(3, result.ExitCode);
        Assert.StartsWith($"pageshift: {message}", result.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--export: found '/proc/x', which can't be made (No such file or directory), expected a directory that can be written to", "--export", "/proc/x")]
    [InlineData("--export: found the file /etc/passwd, expected a directory", "--export", "/etc/passwd")]
    [InlineData("--kernel: found '9x', expected a release such as 6.1", "--on", "linux", "--kernel", "9x")]
    [InlineData("--kernel: found '6.1' with --on engine, which is Linux 6.18, expected another --on", "--kernel", "6.1")]
    public void What_an_option_can_t_take_is_told_with_what_it_takes(string message, params string[] arguments)
    {
        ToolResult result = Tool.Run(["conform", .. arguments]);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"pageshift: {message}", result.ErrorLine);
    }

    [Theory]
    [InlineData("qemu-x86_64-static")]
    [InlineData("valgrind -q")]
    [InlineData("runsc --network=none --ignore-cgroups --platform=ptrace do")]
    public void It_runs_behind_an_emulator_or_a_sandbox(string command)
    {
        SkipWithoutCompiler();
        Assert.SkipUnless(File.Exists($"/usr/bin/{command.Split(' ')[0]}"), $"{command.Split(' ')[0]} is not installed.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess || !command.StartsWith("runsc", StringComparison.Ordinal), "runsc do is for root.");
        using JsonDocument json = Json("--on", command, "--only", "mprotect");
        JsonElement[] results = [.. json.RootElement.GetProperty("results").EnumerateArray()];
        Assert.Contains(results, result => CaseOf(result) == "mprotect_none_keeps_pages" && OutcomeOf(result) == "passed");
    }

    private static void SkipWithoutCompiler() => Assert.SkipUnless(File.Exists("/usr/bin/cc"), "there is no C compiler.");

    private static string Script(string text)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("pageshift-conform-").FullName, "command");
        File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return file;
    }

    private static JsonDocument Json(params string[] arguments)
    {
        ToolResult result = Tool.Run(["conform", "--format", "json", .. arguments]);
        Assert.Equal("", result.Error);
        JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.Equal(document.RootElement.GetProperty("results").EnumerateArray().Any(one => OutcomeOf(one) == "failed") ? 1 : 0, result.ExitCode);
        return document;
    }

    private static string OutcomeOf(JsonElement result) => result.GetProperty("outcome").GetString()!;

    private static string CaseOf(JsonElement result) => result.GetProperty("case").GetString()!;
}
