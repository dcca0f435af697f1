using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using PageShift.Cli.Output;
using PageShift.Cli.Tracing;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>trace -- COMMAND</c>, as a user runs it.</summary>
[SupportedOSPlatform("linux")]
public sealed class TraceCommandTests
{
    private const string Growing = """
        int main(void)
        {
            size_t n = 4 << 20;
            char *a = ANON(n);
            memset(a, 1, n);
            char *far = a - (1ul << 30) + 4096;
            a = mremap(a, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, far);
            return a != far;
        }
        """;

    public TraceCommandTests() => TracedRun.SkipUnlessPermitted();

    [Fact]
    public void The_programs_output_and_exit_code_pass_through_and_the_report_is_on_standard_error()
    {
        ToolResult result = Tool.RunWithInput("what it reads\n", "trace", "--", "sh", "-c", "cat; echo and what it says; exit 7");

        Assert.Equal((7, "what it reads\nand what it says\n"), (result.ExitCode, result.Output));
        Assert.Contains("exit code 7", result.Error);
        Assert.Contains("No call moved a mapping.", result.Error);
        Assert.Contains("Engine and kernel agreed after each of", result.Error);
    }

    [Fact]
    public void The_text_shows_a_move_why_it_costs_what_it_costs_and_what_the_program_could_do()
    {
        using var program = new CProgram(Growing);

        ToolResult result = Tool.Run("trace", "--", program.Path);

        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.Contains("1 move (0 congruent)", result.Error);
        Assert.Contains("moves 4 MiB (1,024 pages present), not congruent; about ", result.Error);
        Assert.Matches(@", called from (main \(program\.c:[1-9][0-9]*\), )?program\+0x", result.Error);
        Assert.Matches(@"linux-5\.0 … 6\.7 +1,024 PTE .*not congruent", result.Error);
        Assert.Matches(@"pageshift, congruent +[23] PMD", result.Error);
        Assert.Contains("To grow without a move, reserve address space once.", result.Error);
    }

    [Fact]
    public void A_time_is_the_threads_processor_time_where_the_kernel_counts_it()
    {
        using var program = new CProgram(Growing);

        ToolResult result = Tool.Run("trace", "--", program.Path);

        string expected = File.Exists("/proc/self/schedstat") ? "of processor time" : "by the clock, waiting included";
        Assert.Matches($@"not congruent; about [0-9.,]+ \S+ {expected}\n", result.Error);
    }

    [Theory]
    [InlineData(1.8, "note: the machine was busy (other programs used 1.8 of 2 processors): the times mean little\n")]
    [InlineData(0.2, "")]
    public void Times_of_a_busy_machine_are_told_to_mean_little(double processors, string note)
    {
        using var file = new TemporaryFile();
        var settings = new TraceSettings { Command = ["true"], ReportFile = file.Name };
        var report = new TraceReport(settings) { Result = new TraceResult(), Others = new OtherWork(processors, 2) };

        using (var text = new TraceText(File.Create(file.Name), settings))
            text.Finish(report);

        Assert.Equal(note, string.Concat(File.ReadLines(file.Name).Where(l => l.Contains("busy", StringComparison.Ordinal)).Select(l => l + "\n")));
    }

    [Fact]
    public void What_others_used_of_the_machine_is_in_the_json()
    {
        Assert.SkipUnless(LoadSample.Read() is not null, "This system has no /proc/stat.");

        using var json = JsonDocument.Parse(Tool.Run("trace", "--format", "json", "--", "true").Error);

        Assert.InRange(json.RootElement.GetProperty("otherProcessors").GetDouble(), 0, LoadSample.Read()!.Value.Processors);
        Assert.True(json.RootElement.GetProperty("busy").ValueKind is JsonValueKind.True or JsonValueKind.False);
    }

    [Fact]
    public void A_program_that_may_be_executed_and_not_read_is_refused_in_one_line()
    {
        using var folder = new OthersFolder();
        string program = folder.Copy("/bin/true", UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

        ToolResult result = folder.Run("trace", "--", program);

        Assert.Equal(3, result.ExitCode);
        Assert.Equal($"pageshift: {program} can't be traced: this user may execute it and not read it, so that the kernel hides its memory (Permission denied)", result.ErrorLine);
    }

    [Fact]
    public void A_child_that_may_be_executed_and_not_read_runs_on_without_being_followed()
    {
        using var folder = new OthersFolder();
        string program = folder.Copy("/bin/echo", UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

        ToolResult result = folder.Run("trace", "--", "sh", "-c", $"{program} runs; exit 5");

        Assert.Equal((5, "runs\n"), (result.ExitCode, result.Output));
        Assert.Contains("note: 1 program not followed: the kernel hides their memory from this user", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_child_of_a_program_that_hides_its_memory_runs_on_without_being_followed()
    {
        using var folder = new OthersFolder();
        using var compiled = new CProgram("""
            int main(void)
            {
                prctl(PR_SET_DUMPABLE, 0);
                pid_t child = fork();
                if (child == 0)
                    _exit(mremap(ANON(4096), 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED);
                int status;
                return waitpid(child, &status, 0) == child ? status : 9;
            }
            """);
        string program = folder.Copy(compiled.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        ToolResult result = folder.Run("trace", "--", program);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("note: 1 program not followed: the kernel hides their memory from this user", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_user_id_program_that_runs_without_its_privilege_is_named()
    {
        const string Program = "/bin/su";
        Assert.SkipUnless(File.Exists(Program) && File.GetUnixFileMode(Program).HasFlag(UnixFileMode.SetUser), "There is no set-user-ID program /bin/su.");
        using var folder = new OthersFolder();

        ToolResult result = folder.Run("trace", "--", Program, "--version");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("/su ran without the privilege that its set-user-ID or set-group-ID bit gives, since this tracer has none (CAP_SYS_PTRACE)", result.ErrorWords, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_has_every_move_and_goes_to_the_file_that_is_named()
    {
        using var program = new CProgram(Growing);
        using var report = new TemporaryFile();

        ToolResult result = Tool.Run("trace", "--format", "json", "--report", report.Name, "--", program.Path);

        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
        JsonElement json = JsonDocument.Parse(File.ReadAllText(report.Name)).RootElement;
        Assert.Equal((1, 0, 0, 1), (json.GetProperty("schema").GetInt32(), json.GetProperty("exitCode").GetInt32(), json.GetProperty("divergenceCount").GetInt32(), json.GetProperty("processes").GetInt32()));
        JsonElement move = Assert.Single(json.GetProperty("moves").EnumerateArray());
        Assert.Equal((1024, true), (move.GetProperty("presentPages").GetInt32(), move.GetProperty("exact").GetBoolean()));
        Assert.Equal(1024, MoveJson.Policy(move, "linux-6.7").GetProperty("pte").GetInt32());
        Assert.True(move.GetProperty("congruentPlacement").GetProperty("pmd").GetInt32() is 2 or 3);
    }

    [Fact]
    public void The_log_runs_again_with_the_same_moves()
    {
        using var program = new CProgram(Growing);
        using var report = new TemporaryFile();
        using var log = new TemporaryFile();

        Assert.Equal(0, Tool.Run("trace", "--format", "json", "--report", report.Name, "-o", log.Name, "--", program.Path).ExitCode);
        ToolResult run = Tool.Run("run", log.Name, "--verify", "--format", "json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonElement traced = Assert.Single(JsonDocument.Parse(File.ReadAllText(report.Name)).RootElement.GetProperty("moves").EnumerateArray());
        JsonElement again = Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("moves").EnumerateArray());
        foreach (string field in (string[])["old", "new", "length", "congruent", "policies"])
            Assert.Equal(traced.GetProperty(field).GetRawText(), again.GetProperty(field).GetRawText());
        Assert.Contains("present: the pages that the log names", Tool.Run("run", log.Name).Output);
    }

    [Fact]
    public void A_log_that_names_its_pages_can_t_be_run_beside_the_kernel()
    {
        ToolResult result = Tool.RunWithInput("absent()\n", "run", "-", "--on", "both");

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Equal("pageshift: -:1: the log says which pages are present, which the running kernel can't be told: run it without --on", result.ErrorLine);
    }

    [Theory]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -SEGV $$", 139)]
    public void A_program_that_is_killed_gives_the_shells_exit_code(string script, int code)
    {
        ToolResult result = Tool.Run("trace", "--", "sh", "-c", script);

        Assert.Equal(code, result.ExitCode);
        Assert.Contains($"killed by signal {code - 128}", result.Error);
    }

    [Theory]
    [InlineData("no-such-program-anywhere", "not found")]
    [InlineData("/etc/passwd", "permission denied")]
    public void A_program_that_can_t_be_traced_gives_one_line_and_exit_code_3(string program, string reason)
    {
        ToolResult result = Tool.Run("trace", "--", program);

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("pageshift: ", result.ErrorLine);
        Assert.Contains(reason, result.ErrorLine);
    }

    [Fact]
    public void A_process_that_does_not_exist_is_not_said_to_be_followed()
    {
        ToolResult result = Tool.Run("trace", "-p", "99999999");

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Contains("99999999", result.ErrorLine);
        Assert.DoesNotContain("following", result.Error);
    }

    [Fact]
    public void What_stands_behind_the_program_is_the_programs()
    {
        using var witness = new TemporaryFile("kept");

        ToolResult result = Tool.Run("trace", "--top", "3", "echo", "-o", witness.Name, "--format", "--", "--top");

        Assert.Equal((0, $"-o {witness.Name} --format -- --top\n"), (result.ExitCode, result.Output));
        Assert.Equal("kept", File.ReadAllText(witness.Name));
    }

    [Fact]
    public void A_command_without_a_program_is_wrong_usage()
    {
        ToolResult result = Tool.Run("trace");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("pageshift: ", result.Error);
    }

    [Theory]
    [InlineData("--report")]
    [InlineData("-o")]
    public void A_file_that_can_t_be_written_is_refused_before_the_program_runs(string option)
    {
        using var witness = new TemporaryFile();
        File.Delete(witness.Name);

        ToolResult result = Tool.Run("trace", option, "/nowhere/at/all", "--", "touch", witness.Name);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"pageshift: {option}: /nowhere/at/all can't be written", result.ErrorLine);
        Assert.False(File.Exists(witness.Name));
    }

    [Theory]
    [InlineData("--report", "-o", "-o: found", "which is the report")]
    [InlineData("--report", "--html", "--html: found", "which is the report")]
    [InlineData("-o", "--html", "--html: found", "which is the log")]
    public void Two_outputs_are_not_written_to_one_file(string option, string other, string found, string what)
    {
        using var file = new TemporaryFile("kept");

        ToolResult result = Tool.Run("trace", option, file.Name, other, file.Name, "--", "true");

        Assert.Equal((2, $"pageshift: {found} {file.Name}, {what}, expected another file"), (result.ExitCode, result.ErrorLine));
        Assert.Equal("kept", File.ReadAllText(file.Name));
    }

    [Fact]
    public void An_interrupt_ends_both_and_the_report_is_written()
    {
        using Process tool = Tool.StartForSignals("trace", "--", "sh", "-c", "echo started; exec sleep 60");
        Assert.Equal("started", tool.StandardOutput.ReadLine());

        Process.Start("kill", ["-INT", $"{tool.Id}"]).WaitForExit();

        Assert.True(tool.WaitForExit(HangGuard.Limit));
        Assert.Equal(130, tool.ExitCode);
        Assert.Contains("killed by signal 2", tool.StandardError.ReadToEnd());
    }

    [Theory]
    [InlineData("SIGTERM")]
    [InlineData("SIGINT")]
    [InlineData("SIGHUP")]
    public void A_signal_to_the_group_that_the_tool_is_in_too_reaches_the_program_once(string signal)
    {
        TracedRun.SkipUnlessPermitted();
        using var program = new CProgram($$"""
            static volatile int count;
            static void handle(int number) { count++; }
            int main(void)
            {
                signal({{signal}}, handle);
                printf("ready\n");
                fflush(stdout);
                kill(0, {{signal}});
                for (int i = 0; i < 40; i++)
                    usleep(25000);
                printf("%d\n", count);
                return 0;
            }
            """);
        using Process tool = Tool.StartForSignals("trace", "--", program.Path);

        Assert.Equal("ready", tool.StandardOutput.ReadLine());
        Assert.Equal("1", tool.StandardOutput.ReadLine());
        Assert.True(tool.WaitForExit(HangGuard.Limit));
        Assert.Equal(0, tool.ExitCode);
    }

    [Theory]
    [InlineData("--", "true")]
    [InlineData("-p", "1")]
    public void Without_a_proc_of_its_own_namespace_the_tool_traces_nothing(string option, string value)
    {
        ToolResult possible = Tool.RunUnder(["unshare", "--pid", "--fork", "--"], "--version");
        Assert.SkipWhen(possible.ExitCode != 0, possible.Error);

        ToolResult result = Tool.RunUnder(["unshare", "--pid", "--fork", "--"], "trace", option, value);

        Assert.Equal((3, "pageshift: Tracing needs a /proc of this process's PID namespace ('unshare --mount-proc' mounts one)."), (result.ExitCode, result.ErrorLine));
    }
}
