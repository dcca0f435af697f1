using System.Diagnostics;
using System.Text.Json;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.Tests.Linux;
using PageShift.Verification.Kernels;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary><c>run --on linux|both</c>: the running kernel beside the policies.</summary>
public sealed class KernelRunTests
{
    /// <summary>A call that the engine refuses and Linux does not: large pages that are not reserved.</summary>
    internal const string PartingLog = "mmap(0x40000000, 2097152, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED|MAP_HUGETLB|MAP_NORESERVE, -1, 0)\n";

    public static TheoryData<string> MeasuredSamples => [.. Directory.GetFiles(Repository.Path("samples"), "*.strace").Select(f => Path.GetFileName(f)).Where(f => f != "stack.strace").Order()];

    [Theory]
    [MemberData(nameof(MeasuredSamples))]
    public void Prediction_and_measurement_agree_on_a_sample(string sample)
    {
        SkipUnlessCounting();

        ToolResult result = Tool.Run("run", $"samples/{sample}", "--on", "both", "--format", "json");

        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
        JsonElement run = JsonDocument.Parse(result.Output).RootElement;
        JsonElement kernel = run.GetProperty("kernel");
        Assert.Equal(run.GetProperty("moves").GetArrayLength(), kernel.GetProperty("agreements").GetInt32());
        Assert.Equal((0, 0), (kernel.GetProperty("disagreements").GetInt32(), kernel.GetProperty("notObservable").GetInt32()));
        foreach (JsonElement move in run.GetProperty("moves").EnumerateArray())
        {
            JsonElement predicted = MoveJson.Policy(move, "linux-6.7");
            JsonElement measured = move.GetProperty("kernel");
            Assert.Equal("agreement", measured.GetProperty("verdict").GetString());
            Assert.Equal(predicted.GetProperty("tlbFlushes").GetInt64(), measured.GetProperty("tlbFlushes").GetInt64());
            Assert.Equal(predicted.GetProperty("tablesAllocated").GetInt64(), measured.GetProperty("tablesAllocated").GetInt64());
            Assert.True(measured.GetProperty("nanoseconds").GetInt64() > 0);
        }
    }

    [Fact]
    public void The_table_has_a_row_of_this_kernel()
    {
        SkipUnlessCounting();

        ToolResult result = Tool.Run("run", "samples/linus-2023.strace", "--on", "both");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string row = Assert.Single(result.OutputLines, line => line.Contains(", measured", StringComparison.Ordinal));
        Assert.Matches($"^  {KernelVersion.ReadRunning()}, measured +2 extents", row);
        Assert.Contains("agrees with linux-6.7; ", row);
        Assert.Contains(result.OutputLines, line => line.Contains("did what linux-6.7 predicts in 1 move of 1", StringComparison.Ordinal));
    }

    [Fact]
    public void On_linux_only_the_policy_that_fits_the_kernel_stands_beside_it()
    {
        SkipUnlessCounting();

        ToolResult result = Tool.Run("run", "samples/linus-2023.strace", "--on", "linux");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["linux-6.7", $"{KernelVersion.ReadRunning()},"], result.OutputLines.SkipWhile(l => !l.StartsWith("  policy", StringComparison.Ordinal)).Skip(1).TakeWhile(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
    }

    [Fact]
    public void The_stack_move_of_execve_is_not_observable_and_says_why()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();

        ToolResult result = Tool.Run("run", "samples/stack.strace", "--on", "both");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("not observable here: only execve makes this move", result.Words, StringComparison.Ordinal);
        Assert.DoesNotContain("agrees with", result.Output);
    }

    [Fact]
    public void Where_engine_and_kernel_part_the_run_says_so_and_exits_with_1()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();

        ToolResult result = Tool.RunWithInput(PartingLog, "run", "-", "--on", "both", "--verify");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(result.OutputLines, line => line.StartsWith("-:1: mmap diverges: the engine has ", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_tracepoints_nothing_is_observable_and_the_reason_is_told()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        const string script = "mount --make-rprivate / && for at in /sys/kernel/tracing /sys/kernel/debug/tracing; do while umount \"$at\" 2>/dev/null; do :; done; done; [ ! -e /sys/kernel/tracing/events ] || exit 77; dotnet \"$0\" \"$@\"";
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["-m", "sh", "-c", script, Tool.Assembly, "run", "samples/linus-2023.strace", "--on", "both"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.SkipWhen(process.ExitCode == 77 || error.Contains("unshare", StringComparison.Ordinal), "Tracepoints can't be taken away here.");

        Assert.Equal((0, ""), (process.ExitCode, error));
        Assert.Contains("not observable here: tracefs is not mounted", output);
        Assert.DoesNotContain("agrees with", output);
    }

    [Fact]
    public void A_log_of_several_processes_is_followed_in_processes()
    {
        SkipUnlessCounting();
        const string log = """
            10 mmap(0x8100000, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x8100000
            10 brk(NULL) = 0x600000
            10 brk(0x604000) = 0x604000
            10 fork() = 11
            11 mremap(0x8100000, 2097152, 2097152, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f00000) = 0x7f00000
            11 brk(0x601000) = 0x601000
            11 +++ exited with 0 +++
            10 mremap(0x8100000, 2097152, 4194304, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000
            10 mmap(0x30000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x30000000
            10 mremap(0x30000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30200000) = 0x30200000

            """;

        JsonElement kernel = Tool.RunToJson(log, "--on", "both", "--verify").GetProperty("kernel");

        Assert.Equal((3, 0, 0), (kernel.GetProperty("agreements").GetInt32(), kernel.GetProperty("disagreements").GetInt32(), kernel.GetProperty("notObservable").GetInt32()));
        Assert.Equal(0, kernel.GetProperty("divergences").GetArrayLength());
    }

    [Fact]
    public void A_log_may_open_more_files_than_a_process_may_have_open_at_a_time()
    {
        SkipUnlessCounting();
        const string round = """
            openat(AT_FDCWD, "/lib/x.so", O_RDONLY|O_CLOEXEC) = 3
            mmap(0x10000000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x10000000
            close(3) = 0
            munmap(0x10000000, 16384) = 0

            """;
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", "ulimit -n 256 && exec dotnet \"$0\" run - --on both --format json", Tool.Assembly])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        })!;
        process.StandardInput.Write(string.Concat(Enumerable.Repeat(round, 300)) + File.ReadAllText(Repository.Path("samples/linus-2023.strace")));
        process.StandardInput.Close();
        JsonElement kernel = JsonDocument.Parse(process.StandardOutput.ReadToEnd()).RootElement.GetProperty("kernel");
        process.WaitForExit();

        Assert.Equal((1, 0), (kernel.GetProperty("agreements").GetInt32(), kernel.GetProperty("notObservable").GetInt32()));
    }

    [Theory]
    [InlineData("4.19.0", MovePolicy.Linux420)]
    [InlineData("5.0-rc1", MovePolicy.Linux50)]
    [InlineData("5.10.2", MovePolicy.Linux50)]
    [InlineData("5.11.0", MovePolicy.Linux511)]
    [InlineData("6.6.1", MovePolicy.Linux511)]
    [InlineData("6.18.44-amd64", MovePolicy.Linux67)]
    public void The_policy_that_fits_a_kernel_is_the_newest_that_it_is_not_older_than(string release, MovePolicy expected) =>
        Assert.Equal(expected, KernelPolicy.Of(KernelVersion.Parse(release)!));

    private static void SkipUnlessCounting()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        using KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        if (probe is null)
            Assert.Skip(reason ?? "no reason was given");
        if (!KernelVersion.ReadRunning()!.IsAtLeast(6, 17))
            Assert.Skip("the figures are those of Linux 6.17 and later");
    }
}
