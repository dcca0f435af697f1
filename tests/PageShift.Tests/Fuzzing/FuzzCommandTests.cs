using System.Diagnostics;
using PageShift.Linux;
using PageShift.Moving;
using PageShift.Tests.Cli;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Fuzzing;

/// <summary><c>pageshift fuzz</c> as a user meets it.</summary>
public sealed class FuzzCommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pageshift-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_run_without_a_divergence_ends_with_0_and_keeps_nothing()
    {
        SkipUnlessPossible();
        ToolResult result = Tool.Run("fuzz", "--seed", "5", "--calls", "2000", "--shard", "2/4", "-o", _directory.FullName);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^seed 5, shard 2/4: 2,\d\d\d calls in \d+ sequences, \d+\.\d s, [\d,]+ calls/s: no divergence\n", result.Output);
        Assert.Empty(_directory.GetFiles());
    }

    [Fact]
    public void A_divergence_ends_with_1_and_is_shown_and_kept_as_a_log_that_runs_again()
    {
        SkipUnlessPossible();
        // strace makes the kernel's side answer falsely.
        ToolResult result = Tool.RunUnder(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=mremap", "-e", "inject=mremap:error=EXDEV"], "fuzz", "--calls", "5000", "-o", _directory.FullName);
        if (result.ExitCode is 127 || result.Error.Contains("PTRACE", StringComparison.Ordinal))
            Assert.Skip($"strace can't be used here: {result.Error}");
        Assert.Equal(1, result.ExitCode);
        FileInfo log = Assert.Single(_directory.GetFiles("divergence-1-*.strace"));
        string text = File.ReadAllText(log.FullName);
        Assert.StartsWith(text, result.Output, StringComparison.Ordinal);
        Assert.Contains(log.FullName, result.Error, StringComparison.Ordinal);
        Assert.Contains(" calls/s: a divergence\n", result.Output, StringComparison.Ordinal);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^# after call 1, mremap, the results differ: engine .*, kernel -1 ", lines[0]);
        Assert.Matches(@"^mremap\(.*\) += -1 EXDEV", Assert.Single(lines, line => line[0] != '#'));

        using FileStream stream = log.OpenRead();
        using LockstepFactory factory = Lockstep.StartedFactory.OrSkip();
        Assert.Null(CallSequence.Read(stream, log.Name, MovePolicy.PageShift).Execute(factory)?.ToString()); // the true kernel agrees
    }

    [Fact]
    public void What_is_not_possible_ends_with_3_and_one_line()
    {
        SkipUnlessPossible();
        ToolResult result = Tool.RunUnder(["unshare", "--pid", "--fork"], "fuzz", "--calls", "100");
        if (result.Error.StartsWith("unshare:", StringComparison.Ordinal) || result.ExitCode == 127)
            Assert.Skip(result.Error);
        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Equal("pageshift: /proc does not show the executor's process; it has to be of the same PID namespace", result.ErrorLine);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void A_signal_ends_it_with_a_summary_and_no_false_divergence(string signal, int exitCode)
    {
        SkipUnlessPossible();
        // The signal goes to its process group, as Ctrl-C does on a terminal.
        using Process process = Tool.StartForSignals("fuzz", "--seconds", "100", "-o", _directory.FullName);
        Assert.StartsWith("pageshift: ", process.StandardError.ReadLine(), StringComparison.Ordinal);
        using Process kill = Process.Start("kill", ["-s", signal, "--", $"-{process.Id}"]);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(exitCode, process.ExitCode);
        Assert.Contains(" calls/s: no divergence (stopped early)\n", output, StringComparison.Ordinal);
        Assert.Empty(_directory.GetFiles());
    }

    [Theory]
    [InlineData("--shard", "5/4", "I/N with 1 <= I <= N, such as 3/8")]
    [InlineData("--shard", "0/4", "I/N with 1 <= I <= N, such as 3/8")]
    [InlineData("--shard", "one", "I/N with 1 <= I <= N, such as 3/8")]
    [InlineData("--seed", "-1", "a whole number from 0 to 18446744073709551615")]
    [InlineData("--calls", "0", "a whole number from 1 to 9223372036854775807")]
    [InlineData("--calls", "many", "a whole number from 1 to 9223372036854775807")]
    [InlineData("--seconds", "0", "a number from 0.001 to 1000000000")]
    [InlineData("--seconds", "NaN", "a number from 0.001 to 1000000000")]
    [InlineData("--seconds", "1e300", "a number from 0.001 to 1000000000")]
    [InlineData("--workers", "-1", "a whole number from 1 to 256")]
    public void A_wrong_option_is_refused_with_what_was_expected(string option, string value, string expected)
    {
        ToolResult result = Tool.Run("fuzz", option, value);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"pageshift: {option}: found '{value}', expected {expected}\n", result.Error);
    }

    private static void SkipUnlessPossible()
    {
        if (PlatformSupport.MissingReason is { } reason)
            Assert.Skip(reason);
        Lockstep.StartedFactory.OrSkip().Dispose();
    }
}
