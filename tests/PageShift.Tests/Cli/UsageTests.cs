using System.Diagnostics;
using System.Runtime.Versioning;
using PageShift.Linux;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Wrong usage and unreadable input: exit code 2, nothing on standard output, one line on standard error, never a stack trace.</summary>
public sealed class UsageTests
{
    private const string Good = "mmap(0x10000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000\n";

    [Fact]
    public void A_missing_file_is_named()
    {
        Refused("pageshift: /nowhere/x.strace: found no such file", Tool.Run("run", "/nowhere/x.strace"));
    }

    [Fact]
    public void A_directory_is_no_log()
    {
        Refused("pageshift: samples: found a directory, expected a log", Tool.Run("run", "samples"));
    }

    [Fact]
    public void An_empty_name_names_no_log()
    {
        Refused("pageshift: found a name that no file can have, expected the name of a log", Tool.Run("run", ""));
    }

    [Fact]
    public void A_name_that_is_too_long_is_refused_in_one_line()
    {
        string name = new('x', 300);

        ToolResult result = Tool.Run("run", name);

        Refused($"pageshift: {name} can't be opened: File name too long", result);
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void A_file_that_may_not_be_read_is_refused()
    {
        using var log = new TemporaryFile(Good);
        using var folder = new OthersFolder();
        string file = folder.Copy(log.Name, UnixFileMode.None);

        Refused($"pageshift: {file}: may not be read by this user", folder.Run("run", file));
    }

    [Fact]
    public void A_file_that_the_system_refuses_to_read_is_named_with_the_systems_reason()
    {
        ToolResult result = Tool.Run("run", "/proc/self/mem");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("pageshift: ", result.ErrorLine);
    }

    [Theory]
    [InlineData("# fine\n\nmmap(0xzz, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = 0\n", "-:3:8: found 'zz', expected a hexadecimal digit")]
    [InlineData("munmap(0x1000, 12q) = 0\n", "-:1:16: found ")]
    [InlineData("munmap(0x1000\n", "-:1:14: found the end of the line, expected ")]
    [InlineData("munmap(0x1000, 4096) = -1 ENOSUCH (no)\n", "-:1:27: found ")]
    [InlineData("mmap(0x10000, 4096, PROT_RAED, MAP_PRIVATE, -1, 0) = 0\n", "-:1:21: found ")]
    [InlineData("munmap(0x1000, 99999999999999999999999) = 0\n", "-:1:16: found ")]
    public void A_line_that_cannot_be_read_is_an_error_with_its_place(string log, string error)
    {
        ToolResult result = Tool.RunWithInput(log, "run", "-");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith(error, result.ErrorLine);
        Assert.Contains(", expected ", result.ErrorLine);
        Assert.EndsWith(" (--lenient leaves such lines out)", result.ErrorLine);
    }

    [Fact]
    public void A_binary_file_is_refused_at_its_first_line()
    {
        ToolResult result = Tool.Run("run", Tool.Assembly);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"{Tool.Assembly}:1:", result.ErrorLine);
    }

    [Fact]
    public void A_log_that_was_cut_off_in_a_line_is_read_up_to_there_or_with_strict_refused_at_its_end()
    {
        string log = $"{Good}mremap(0x10000, 4096, 8192, MREMAP_M";

        ToolResult result = Tool.RunWithInput(log, "run", "-");
        ToolResult strict = Tool.RunWithInput(log, "run", "-", "--strict");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("note: 1 call left out (no outcome in the log)", result.OutputLines);
        Assert.Equal((2, ""), (strict.ExitCode, strict.Output));
        Assert.StartsWith("-:2:", strict.ErrorLine);
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("", "nothing", "--lenient")]
    [InlineData("", "nothing", "--verify")]
    [InlineData("hello world\n", "no system call in the whole log")]
    [InlineData("hello world\n", "no system call in the whole log", "--lenient")]
    [InlineData("\0\u0001\u0002\u0003ELF", "binary data")]
    [InlineData("# nothing but a comment\n", "no system call in the whole log")]
    public void A_log_in_which_nothing_is_understood_is_an_error_that_says_what_was_expected(string log, string found, params string[] options)
    {
        ToolResult result = Tool.RunWithInput(log, ["run", "-", .. options]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"-:1:1: found {found}, expected a log of system calls, such as strace -f -o FILE -e trace=%memory,%process PROGRAM writes", result.ErrorLine);
    }

    [Fact]
    public void Strict_refuses_lines_that_are_no_calls_and_names_what_would_go_on()
    {
        ToolResult result = Tool.RunWithInput($"hello world\n{Good}", "run", "-", "--strict");
        ToolResult both = Tool.RunWithInput(Good, "run", "-", "--strict", "--lenient");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal("-:1:1: found 'hello', expected a system call, such as munmap(0x1000, 4096) (without --strict lines that are no calls are passed over)", result.ErrorLine);
        Assert.Equal((2, "pageshift: found --lenient and --strict, expected one or the other"), (both.ExitCode, both.ErrorLine));
    }

    [Theory]
    [InlineData("--policy linux-9", "--policy: found 'linux-9', expected one of linux-4.20, linux-5.0, linux-5.11, linux-6.7, pageshift")]
    [InlineData("--populate some", "--populate: found 'some', expected one of all, written, none")]
    [InlineData("--format xml", "--format: found 'xml', expected one of text, json")]
    [InlineData("--top -1", "--top: found '-1', expected a whole number from 0 to 2147483647")]
    [InlineData("--top ten", "--top: found 'ten', expected a whole number from 0 to 2147483647")]
    public void A_wrong_value_is_answered_with_what_was_expected(string options, string error)
    {
        ToolResult result = Tool.RunWithInput(Good, ["run", "-", .. options.Split(' ')]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"pageshift: {error}", result.ErrorLine);
    }

    [Theory]
    [InlineData("rum samples/stack.strace", "found 'rum', expected a verb; did you mean 'run'?")]
    [InlineData("hlep", "found 'hlep', expected a verb; did you mean 'help'?")]
    [InlineData("expl", "found 'expl', expected a verb; did you mean 'explain'?")]
    [InlineData("version", "found 'version', expected a verb; did you mean '--version'?")]
    [InlineData("frobnicate", "found 'frobnicate', expected a verb (see 'pageshift --help')")]
    [InlineData("samples/stack.strace", "found 'samples/stack.strace', expected a verb; did you mean 'pageshift run samples/stack.strace'?")]
    [InlineData("samples/stack.strace:6", "found 'samples/stack.strace:6', expected a verb; did you mean 'pageshift explain samples/stack.strace:6'?")]
    [InlineData("/bin/true", "found '/bin/true', expected a verb; did you mean 'pageshift trace -- /bin/true'?")]
    [InlineData("", "found no verb, expected one of run, explain, trace, check, fuzz, conform, bench, walk, tables, completion, help (see 'pageshift --help')")]
    [InlineData("run", "found no FILE (see 'pageshift run --help')")]
    [InlineData("run a b", "a: found no thread in its name, expected of several files those of strace -ff, such as log.5316")]
    [InlineData("run a.7 b.7", "b.7: found thread 7, which a.7 has, expected the files of one recording")]
    [InlineData("explain a:1 b", "found 'b', expected nothing more (see 'pageshift explain --help')")]
    [InlineData("run - --frobnicate", "found '--frobnicate', expected an option of run (see 'pageshift run --help')")]
    [InlineData("run --frobnicate", "found '--frobnicate', expected an option of run (see 'pageshift run --help')")]
    [InlineData("run - --fromat json", "found '--fromat', expected an option of run; did you mean '--format'?")]
    [InlineData("run - --format", "--format: found nothing, expected text|json")]
    [InlineData("run - --format text --format json", "--format: found 2 values, expected one")]
    [InlineData("check --shard", "--shard: found nothing, expected I/N")]
    [InlineData("trace", "found neither COMMAND nor -p PID (see 'pageshift trace --help')")]
    [InlineData("trace -p 1 -- ls", "-p: found a COMMAND too, expected one of the two")]
    [InlineData("trace -p 0", "-p: found '0', expected a whole number from 1 to 2147483647")]
    [InlineData("trace -p 1 --for soon", "--for: found 'soon', expected a time such as 30s, 500ms or 5m")]
    [InlineData("trace -p 1 --for 0s", "--for: found '0s', expected a time such as 30s, 500ms or 5m")]
    [InlineData("trace --for 3s -- ls", "--for: found no -p, expected one: a program that the tool has started is followed to its end")]
    [InlineData("trace --repot x -- true", "found '--repot', expected an option of trace; did you mean '--report'?")]
    [InlineData("completion", "found no SHELL (see 'pageshift completion --help')")]
    public void Wrong_usage_is_answered_in_one_line_with_what_was_probably_meant(string arguments, string error)
    {
        Refused($"pageshift: {error}", Tool.RunWithInput(Good, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public void What_can_not_be_printed_does_not_break_the_line_nor_reach_the_terminal()
    {
        Refused("pageshift: a\\x0ab\\x1b[31m: found no such file", Tool.Run("run", "a\nb\u001b[31m"));
    }

    [Fact]
    public void Help_speaks_of_values_in_the_users_words()
    {
        string[] verbs = ["run", "explain", "trace", "check", "fuzz", "conform", "bench", "walk", "tables", "completion", "help"];

        string all = string.Concat(verbs.Select(verb => Tool.Run(verb, "--help").Output));

        Assert.DoesNotContain("PageShift.", all, StringComparison.Ordinal);
        Assert.DoesNotContain("<o>", all, StringComparison.Ordinal);
        Assert.All(Tool.Run("--help").OutputLines, line => Assert.InRange(line.Length, 0, 160));
    }

    [Theory]
    [InlineData("run /nowhere/x", 2)]
    [InlineData("run - --top ten", 2)]
    [InlineData("check --depth 5", 0)] // says how far it is
    public void Where_standard_error_is_full_the_exit_code_has_to_do(string arguments, int code)
    {
        Assert.Equal(code, InShell($"{arguments} 2>/dev/full").ExitCode);
    }

    [Theory]
    [InlineData("run samples/stack.strace")]
    [InlineData("run samples/stack.strace --format json")]
    [InlineData("explain samples/stack.strace:6")]
    [InlineData("explain samples/stack.strace:6 --format json")]
    [InlineData("help running")]
    [InlineData("run --help")]
    [InlineData("--version")]
    [InlineData("completion bash")]
    public void Standard_output_that_can_not_be_written_is_named(string arguments)
    {
        Assert.Equal("pageshift: standard output can't be written: No space left on device", InShell($"{arguments} >/dev/full").ErrorLine);
        ToolResult closed = InShell($"{arguments} >&-");
        Assert.Equal((2, "pageshift: standard output can't be written: Bad file descriptor"), (closed.ExitCode, closed.ErrorLine));
    }

    [Theory]
    [InlineData("run samples/realloc.strace --top 100", 0)]
    [InlineData("help running", 0)]
    public void A_reader_that_goes_away_is_no_failure(string arguments, int code)
    {
        ToolResult result = InShell($"{arguments} | head -n 1; exit ${{PIPESTATUS[0]}}");

        Assert.Equal((code, ""), (result.ExitCode, result.Error));
        Assert.Single(result.OutputLines);
    }

    [Theory]
    [InlineData("check -o /dev/null", "-o: found the file /dev/null, expected a directory")]
    [InlineData("fuzz -o /dev/null", "-o: found the file /dev/null, expected a directory")]
    [InlineData("fuzz --export 3 --calls 5", "--calls: found --export too, which makes as many cases as it says, one after the other")]
    [InlineData("fuzz --shard 1/2 --export 3", "--shard: found --export too, which makes as many cases as it says, one after the other")]
    [InlineData("check -o /proc/nowhere", "-o: found '/proc/nowhere', which can't be made (No such file or directory), expected a directory that can be written to")]
    [InlineData("check --merge samples", "samples: found a directory, expected a result of 'check --format json'")]
    [InlineData("check --merge /nowhere/x", "/nowhere/x: found no such file")]
    [InlineData("check --merge /dev/null", "/dev/null: found no result of 'check --format json' in schema 1")]
    [InlineData("run /proc/self/mem", "/proc/self/mem can't be read: Input/output error")]
    [InlineData("explain /proc/self/mem:1", "/proc/self/mem can't be read: Input/output error")]
    [InlineData("run samples/stack.strace --html /nowhere/x", "--html: /nowhere/x can't be written: No such file or directory")]
    [InlineData("run samples/stack.strace --format json --html /dev/full", "--html: /dev/full can't be written: No space left on device")]
    [InlineData("explain samples/stack.strace:6 --html /dev/full", "--html: /dev/full can't be written: No space left on device")]
    [InlineData("trace -o /dev/full true", "-o: /dev/full can't be written: No space left on device")]
    [InlineData("trace --report /dev/full true", "--report: /dev/full can't be written: No space left on device")]
    public void What_the_system_refuses_about_a_file_is_told_with_its_name_and_the_systems_words(string arguments, string error)
    {
        string[] words = arguments.Split(' ');
        if (words[0] == "trace")
            TracedRun.SkipUnlessPermitted();
        if (words[0] == "fuzz" && PlatformSupport.MissingReason is { } reason)
            Assert.Skip(reason);
        ToolResult result = Tool.Run(words);

        Assert.Equal((2, $"pageshift: {error}"), (result.ExitCode, result.ErrorLine));
    }

    [Fact]
    public void Help_names_every_option_of_run()
    {
        ToolResult result = Tool.Run("run", "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.All(["pageshift run <FILE>... [options]", "--format", "--policy", "--populate", "--verify", "--lenient", "--strict", "--top"], option => Assert.Contains(option, result.Output));
    }

    /// <summary>Runs the tool in a shell, which has redirections.</summary>
    private static ToolResult InShell(string arguments)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", $"dotnet '{Tool.Assembly}' {arguments}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ToolResult(process.ExitCode, output, error.Result);
    }

    private static void Refused(string line, ToolResult result)
    {
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal(line, result.ErrorLine);
    }
}
