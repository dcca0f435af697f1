using System.Text.Json;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>Logs of several processes and threads: each process has its own address space.</summary>
public sealed class SeveralProcessesTests
{
    private const string Map = "mmap(0x10000000, 4194304, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000";
    private const string Move = "mremap(0x10000000, 4194304, 4194304, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000";
    private const string MoveBack = "mremap(0x20000000, 4194304, 4194304, MREMAP_MAYMOVE|MREMAP_FIXED, 0x10000000) = 0x10000000";
    private const string Fork = "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f0000000a10) = 101";
    private const string Thread = "clone(child_stack=0x7f0000000000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM) = 101";

    [Fact]
    public void A_fork_has_a_copy_and_each_moves_its_own()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 {Fork}\n101 {Move}\n100 {Move}\n", "--verify");

        Assert.Equal((2, 0, 0), Counts(run));
        Assert.Equal([(101, "2 PMD"), (100, "2 PMD")], Moves(run));
    }

    [Fact]
    public void The_child_runs_before_the_call_that_made_it_returns()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 {Fork.Replace(") = 101", " <unfinished ...>", StringComparison.Ordinal)}\n101 {Move}\n100 <... clone resumed>) = 101\n100 {Move}\n", "--verify");

        Assert.Equal((2, 0, 0), Counts(run));
        Assert.Equal([(101, "2 PMD"), (100, "2 PMD")], Moves(run));
    }

    [Fact]
    public void A_thread_shares_the_space_and_sees_the_others_moves()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 {Thread}\n101 {Move}\n100 {MoveBack}\n", "--verify");

        Assert.Equal((1, 0, 0), Counts(run));
        Assert.Equal([(101, "2 PMD"), (100, "2 PMD")], Moves(run));
    }

    [Fact]
    public void Execve_begins_anew_so_what_is_moved_afterwards_was_not_made_by_the_log()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 execve(\"/bin/true\", [\"true\"], 0x7ffc00000000 /* 10 vars */) = 0\n100 {Move}\n");

        Assert.Equal((2, 1, 0), Counts(run));
        Assert.Equal(4194304, run.GetProperty("log").GetProperty("inferredBytes").GetInt64());
        Assert.Equal([(100, "2 PMD")], Moves(run));
    }

    [Fact]
    public void An_execve_that_failed_changes_nothing()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 execve(\"/x\", [\"x\"], 0x7ffc00000000 /* 10 vars */) = -1 ENOENT (No such file or directory)\n100 {Move}\n");

        Assert.Equal((1, 0, 0), Counts(run));
    }

    [Fact]
    public void A_mapping_that_the_log_never_made_is_inferred_once_and_counted()
    {
        ToolResult text = Tool.RunWithInput($"{Move}\n{MoveBack}\n", "run", "-", "--verify");

        Assert.Equal(0, text.ExitCode);
        Assert.Contains("note: 1 mapping (4 MiB) inferred: the log uses this memory but never maps it", text.OutputLines);
        Assert.Contains(text.OutputLines, line => line.StartsWith("All 2 moves together", StringComparison.Ordinal));
    }

    [Fact]
    public void Failed_unknown_and_unmodelled_calls_are_counted()
    {
        JsonElement run = Tool.RunToJson($"""
            100 {Map}
            100 munmap(0x10000001, 4096) = -1 EINVAL (Invalid argument)
            100 shmat(1, NULL, 0) = 0x7f0000000000
            100 munmap(0x10000000, 4096 <unfinished ...>
            100 <... munmap resumed>) = ?
            100 +++ killed by SIGKILL +++

            """);

        JsonElement log = run.GetProperty("log");
        Assert.Equal((1, 1, 1), (log.GetProperty("failedCalls").GetInt32(), log.GetProperty("unsupportedCalls").GetInt32(), log.GetProperty("unknownOutcomes").GetInt32()));
        Assert.Equal("shmat", Assert.Single(log.GetProperty("unsupportedNames").EnumerateArray()).GetString());
    }

    [Fact]
    public void A_call_that_is_left_out_is_named()
    {
        ToolResult result = Tool.RunWithInput("mremapp(0x1000, 4096) = 0\nshmat(1, NULL, 0) = 0x7f0000000000\nshmat(1, NULL, 0) = 0x7f0000000000\n", "run", "-");

        Assert.Contains("note: 3 calls left out whose effect is not modelled: mremapp, shmat", result.OutputLines);
    }

    private static (int Spaces, int Inferred, int Divergences) Counts(JsonElement run) =>
    (
        run.GetProperty("log").GetProperty("addressSpaces").GetInt32(),
        run.GetProperty("log").GetProperty("inferredMappings").GetInt32(),
        run.GetProperty("divergenceCount").GetInt32());

    private static IEnumerable<(int Thread, string Entries)> Moves(JsonElement run) =>
        run.GetProperty("moves").EnumerateArray().Select(m => (m.GetProperty("thread").GetInt32(), MoveJson.Entries(m, "pageshift")));
}
