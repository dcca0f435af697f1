using System.Runtime.Versioning;
using PageShift.Abi;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

[SupportedOSPlatform("linux")]
public sealed class LaunchFailureTests
{
    private const uint NumberPtrace = 101;
    private const uint NumberSeccomp = 317;
    private const uint NumberMemfdCreate = 319;

    [Theory]
    [InlineData("no-such-program-anywhere")]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd/program")]
    [InlineData("")]
    public void A_program_that_does_not_exist_is_not_found(string name)
    {
        var seen = new EventRecorder();

        TraceResult result = ProcessTracer.Run(new TracedCommand(name), seen, TestContext.Current.CancellationToken);

        Assert.Equal((TraceOutcome.NotStarted, TraceFailure.NotFound), (result.Outcome, result.Failure));
        Assert.Contains("not found", result.Reason, StringComparison.Ordinal);
        Assert.Empty(seen.Processes);
    }

    [Theory]
    [InlineData("/etc/passwd", "permission denied")]
    [InlineData("/tmp", "is a directory")]
    public void A_file_that_may_not_be_executed_is_not_executable(string path, string reason)
    {
        TraceResult result = TracedRun.Of(new EventRecorder(), path);

        Assert.Equal((TraceFailure.NotExecutable, Errno.AccessDenied), (result.Failure, result.Error));
        Assert.Equal($"{path}: {reason}", result.Reason);
    }

    [Theory]
    [InlineData("no program at all", "not a program that this system can run")]
    [InlineData("#!/no/such/interpreter\n", "its interpreter is missing")]
    public void A_file_that_the_kernel_can_t_run_has_a_bad_format(string content, string reason)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        TraceResult result = TracedRun.Of(new EventRecorder(), file);

        Assert.Equal(TraceFailure.BadFormat, result.Failure);
        Assert.EndsWith(reason, result.Reason, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void A_script_runs_under_its_interpreter()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "#!/bin/sh\nexit 9\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        Assert.Equal(9, TracedRun.Of(new EventRecorder(), file).Status.ExitCode);
        File.Delete(file);
    }

    [Fact]
    public void A_command_without_a_program_or_with_a_NUL_is_misuse()
    {
        Assert.Throws<ArgumentException>(() => new TracedCommand());
        Assert.Throws<ArgumentException>(() => new TracedCommand("true", "a\0b"));
    }

    [Fact]
    public void A_tracer_that_the_system_refuses_gives_one_reason_and_leaves_no_process()
    {
        string marker = Path.Combine(Path.GetTempPath(), $"pageshift-refused-{Guid.NewGuid()}");

        TraceResult result = RefusedCall.Run(NumberPtrace, (uint)Errno.OperationNotPermitted, () => ProcessTracer.Run(new TracedCommand("touch", marker), new EventRecorder()));

        Assert.Equal((TraceOutcome.NotStarted, TraceFailure.NotPermitted, Errno.OperationNotPermitted), (result.Outcome, result.Failure, result.Error));
        Assert.Contains("ptrace is not permitted here", result.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(marker));
    }

    [Fact]
    public void A_system_without_files_in_memory_gives_one_reason()
    {
        TraceResult result = RefusedCall.Run(NumberMemfdCreate, (uint)Errno.AccessDenied, () => ProcessTracer.Run(new TracedCommand("true"), new EventRecorder()));

        Assert.Equal((TraceFailure.NotPermitted, Errno.AccessDenied), (result.Failure, result.Error));
    }

    [Theory]
    [InlineData((uint)Errno.InvalidArgument)]
    [InlineData((uint)Errno.AccessDenied)]
    public void Where_no_filter_can_be_installed_every_call_stops(uint error)
    {
        var seen = new EventRecorder();

        TraceResult result = RefusedCall.Run(NumberSeccomp, error, () => TracedRun.Of(seen, "sh", "-c", "exit 3"));

        Assert.Equal((3, StopMethod.EverySystemCall), (result.Status.ExitCode, result.Statistics.Method));
        Assert.NotEmpty(seen.Exits);
    }
}
