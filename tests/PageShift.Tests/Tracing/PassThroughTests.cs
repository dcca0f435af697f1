using System.Globalization;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed class PassThroughTests
{
    [Fact]
    public void A_program_that_exits_with_0_is_reported_so()
    {
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, "/bin/true");

        Assert.Equal(TraceOutcome.Ended, result.Outcome);
        Assert.Equal(new ProcessStatus(0, 0, false), result.Status);
        Assert.Equal(StopMethod.Filter, result.Statistics.Method);
        Assert.NotEmpty(seen.Exits);
        Assert.EndsWith("/bin/true", Assert.Single(seen.Programs).Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(255)]
    public void The_exit_code_is_the_program_s(int code)
    {
        TraceResult result = TracedRun.Of(new EventRecorder(), "sh", "-c", $"exit {code}");

        Assert.Equal(code, result.Status.ShellStatus);
        Assert.False(result.Status.IsKilled);
    }

    [Fact]
    public void A_pipeline_does_its_work()
    {
        string file = Path.GetTempFileName();
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, "sh", "-c", "seq 1 1000 | sort -rn | head -1 > \"$0\"", file);

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal("1000\n", File.ReadAllText(file));
        Assert.Equal(4, seen.Processes.Count);
        Assert.Equal(4, seen.Ends.Count);
        File.Delete(file);
    }

    [Fact]
    public void A_program_starts_with_every_signal_at_its_default_action()
    {
        // What the test itself was started with is inherited; SIGPIPE (bit 12) is the runtime's doing.
        ulong inherited = IgnoredSignals(File.ReadAllText("/proc/self/status")) & ~0x1000UL;
        string file = Path.GetTempFileName();

        TracedRun.Of(new EventRecorder(), "cp", "/proc/self/status", file);

        Assert.Equal(inherited, IgnoredSignals(File.ReadAllText(file)));
        File.Delete(file);
    }

    [Fact]
    public void A_crash_is_the_program_s_own_signal()
    {
        using var program = new CProgram("int main(void) { *(volatile int *)0 = 1; return 0; }");
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(11, result.Status.Signal);
        Assert.Equal(139, result.Status.ShellStatus);
        Assert.Equal(11, Assert.Single(seen.Signals).Signal);
        Assert.Equal(result.Status, Assert.Single(seen.Ends).Status);
    }

    [Fact]
    public void A_handled_signal_reaches_its_handler()
    {
        using var program = new CProgram("""
            static void handle(int s, siginfo_t *i, void *c) { _exit(s == SIGSEGV && i->si_addr == (void *)0x10 ? 42 : 1); }
            int main(void)
            {
                struct sigaction a = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
                sigaction(SIGSEGV, &a, 0);
                *(volatile int *)0x10 = 1;
                return 2;
            }
            """);

        Assert.Equal(42, TracedRun.Of(new EventRecorder(), program.Path).Status.ExitCode);
    }

    [Fact]
    public void A_breakpoint_instruction_is_the_program_s_own_SIGTRAP()
    {
        using var program = new CProgram("""
            static volatile int hits;
            static void handle(int s) { hits++; }
            int main(void) { signal(SIGTRAP, handle); __asm__ volatile("int3"); raise(SIGTRAP); return hits; }
            """);

        Assert.Equal(2, TracedRun.Of(new EventRecorder(), program.Path).Status.ExitCode);
    }

    [Fact]
    public void A_job_control_stop_lasts_until_SIGCONT()
    {
        using var program = new CProgram("""
            int main(void)
            {
                int status;
                pid_t child = fork();
                if (child == 0) { raise(SIGSTOP); _exit(5); }
                if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 1;
                usleep(50000);
                if (waitpid(child, &status, WNOHANG) != 0) return 2;
                kill(child, SIGCONT);
                if (waitpid(child, &status, 0) != child) return 3;
                return WEXITSTATUS(status);
            }
            """);

        Assert.Equal(5, TracedRun.Of(new EventRecorder(), program.Path).Status.ExitCode);
    }

    private static ulong IgnoredSignals(string status) =>
        ulong.Parse(status.Split('\n').Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:\t".Length..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
