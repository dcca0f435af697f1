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

    private const string TwoProcesses = """
        100 mmap(0x10000000, 4194304, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000
        100 fork() = 200
        200 munmap(0x10000000, 4194304) = 0
        200 mmap(0x30000000, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x30000000

        """;

    private const string MoveOfFirst = "mremap(0x10000000, 4194304, 4194304, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000\n";
    private const string MoveOfSecond = "mremap(0x30000000, 2097152, 2097152, MREMAP_MAYMOVE|MREMAP_FIXED, 0x40000000) = 0x40000000\n";
    private const string FirstForks = "100 fork( <unfinished ...>\n";
    private const string SecondForks = "200 fork( <unfinished ...>\n";
    private const string FirstHas301 = "100 <... fork resumed>) = 301\n";
    private const string SecondHas302 = "200 <... fork resumed>) = 302\n";

    /// <summary>Two forks under way at once, and what tells whose child is whose: 301 is the first's, 302 the second's.</summary>
    public static TheoryData<string> TwoForks =>
    [
        FirstForks + SecondForks + "301 " + MoveOfFirst + "302 " + MoveOfSecond + FirstHas301 + SecondHas302,
        FirstForks + SecondForks + "302 " + MoveOfSecond + "301 " + MoveOfFirst + FirstHas301 + SecondHas302,
        SecondForks + FirstForks + "301 " + MoveOfFirst + "302 " + MoveOfSecond + SecondHas302 + FirstHas301,
        FirstForks + SecondForks + "301 " + MoveOfFirst + FirstHas301 + "302 " + MoveOfSecond + SecondHas302,
        // Only one of the two clones returns: the other thread is the other's.
        FirstForks + SecondForks + "301 " + MoveOfFirst + "302 " + MoveOfSecond + SecondHas302 + "100 +++ killed by SIGKILL +++\n",
        // What a child does first may be no memory call.
        FirstForks + SecondForks + "302 set_robust_list(0x7f0000000a20, 24) = 0\n301 set_robust_list(0x7f0000000a20, 24) = 0\n302 " + MoveOfSecond + "301 " + MoveOfFirst + SecondHas302 + FirstHas301,
        // One clone fails.
        FirstForks + SecondForks + "302 " + MoveOfSecond + "100 <... fork resumed>) = -1 EAGAIN (Resource temporarily unavailable)\n100 fork() = 301\n301 " + MoveOfFirst,
        // A thread that had appeared before other clones began stays who it is.
        FirstForks + "301 set_robust_list(0x7f0000000a20, 24) = 0\n" + SecondForks + "301 " + MoveOfFirst + "302 " + MoveOfSecond + SecondHas302 + FirstHas301,
    ];

    [Theory]
    [MemberData(nameof(TwoForks))]
    public void Of_two_clones_under_way_each_gets_its_own_child(string forks)
    {
        JsonElement run = Tool.RunToJson(TwoProcesses + forks, "--verify");

        Assert.Equal((4, 0, 0), Counts(run));
        Assert.Equal(0, run.GetProperty("log").GetProperty("uncertainThreads").GetInt32());
        Assert.Equal([(301, "2 PMD"), (302, "1 PMD")], Moves(run).Order());
    }

    [Fact]
    public void A_child_may_appear_after_its_parent_was_killed_in_the_clone()
    {
        JsonElement run = Tool.RunToJson(TwoProcesses + FirstForks + "100 +++ killed by SIGKILL +++\n301 " + MoveOfFirst, "--verify");

        Assert.Equal((3, 0, 0), Counts(run));
    }

    [Fact]
    public void A_clone_that_is_restarted_begins_anew()
    {
        JsonElement run = Tool.RunToJson(TwoProcesses + FirstForks + "100 <... fork resumed>) = ? ERESTARTNOINTR (To be restarted)\n" + FirstForks + "301 " + MoveOfFirst + FirstHas301, "--verify");

        Assert.Equal((3, 0, 0), Counts(run));
        Assert.Equal(0, run.GetProperty("log").GetProperty("uncertainThreads").GetInt32());
    }

    [Fact]
    public void A_thread_whose_clone_the_log_does_not_tell_is_counted()
    {
        const string cutOff = TwoProcesses + FirstForks + SecondForks + "301 " + MoveOfFirst;
        JsonElement run = Tool.RunToJson(cutOff, "--verify");

        // The one that began first is as likely as any, and here it is the right one.
        Assert.Equal((4, 0, 0), Counts(run));
        Assert.Equal(1, run.GetProperty("log").GetProperty("uncertainThreads").GetInt32());
        Assert.Contains("note: 1 thread taken for the child of one of several clones: the log does not say whose child it is", Tool.RunWithInput(cutOff, "run", "-").OutputLines);
    }

    [Fact]
    public void A_thread_that_the_log_gives_to_another_clone_in_the_end_is_counted()
    {
        JsonElement run = Tool.RunToJson(TwoProcesses + FirstForks + "302 " + MoveOfFirst + FirstHas301);

        Assert.Equal(1, run.GetProperty("log").GetProperty("uncertainThreads").GetInt32());
    }

    [Fact]
    public void A_thread_that_was_attached_to_is_nobodys_child()
    {
        const string attached = "strace: Process 100 attached\nstrace: Process 200 attached\n";
        JsonElement run = Tool.RunToJson($"{attached}[pid 100] {Map}\n[pid 100] fork( <unfinished ...>\n[pid 200] {Move}\n[pid 100] <... fork resumed>) = 101\n[pid 101] {Move}\n", "--verify");

        // What 200 moves the log never made.
        Assert.Equal((3, 1, 0), Counts(run));
        Assert.Equal(0, run.GetProperty("log").GetProperty("uncertainThreads").GetInt32());
    }

    [Fact]
    public void A_child_that_ends_before_its_clone_returns_has_one_space()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 fork( <unfinished ...>\n101 {Move}\n101 +++ killed by SIGKILL +++\n100 <... fork resumed>) = 101\n100 {Move}\n", "--verify");

        Assert.Equal((2, 0, 0), Counts(run));
    }

    [Fact]
    public void A_clone_that_strace_made_up_has_no_child()
    {
        JsonElement run = Tool.RunToJson($"100 {Map}\n100 fork( <unfinished ...>\n100 <... fork resumed>) = 5 (INJECTED)\n300 {Move}\n", "--verify");

        // 300 is another program, of which the log shows nothing before.
        Assert.Equal(1, run.GetProperty("log").GetProperty("inferredMappings").GetInt32());
    }

    [Fact]
    public void What_can_not_be_read_is_an_error_in_its_place_also_when_the_log_was_read_ahead()
    {
        ToolResult result = Tool.RunWithInput(TwoProcesses + FirstForks + SecondForks + "301 munmap(0x10000000, oops) = 0\n302 " + MoveOfSecond, "run", "-");
        ToolResult later = Tool.RunWithInput(TwoProcesses + FirstForks + SecondForks + "301 " + MoveOfFirst + "302 munmap(0x10000000, oops) = 0\n" + SecondHas302, "run", "-");

        Assert.Equal((2, 2), (result.ExitCode, later.ExitCode));
        Assert.Contains("-:7:24: found 'oops'", result.Error);
        Assert.Contains("-:8:24: found 'oops'", later.Error);
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
        const string Log = "mremapp(0x1000, 4096) = 0\nshmat(1, NULL, 0) = 0x7f0000000000\nshmat(1, NULL, 0) = 0x7f0000000000\n";

        ToolResult result = Tool.RunWithInput(Log, "run", "-", "--lenient");

        Assert.Contains("note: 2 calls left out whose effect is not modelled: shmat", result.OutputLines);
        Assert.Contains("note: 1 call left out that no system call is known for: mremapp", result.OutputLines);
        Assert.Equal(2, Tool.RunWithInput(Log, "run", "-").ExitCode);
    }

    private static (int Spaces, int Inferred, int Divergences) Counts(JsonElement run) =>
    (
        run.GetProperty("log").GetProperty("addressSpaces").GetInt32(),
        run.GetProperty("log").GetProperty("inferredMappings").GetInt32(),
        run.GetProperty("divergenceCount").GetInt32());

    private static IEnumerable<(int Thread, string Entries)> Moves(JsonElement run) =>
        run.GetProperty("moves").EnumerateArray().Select(m => (m.GetProperty("thread").GetInt32(), MoveJson.Entries(m, "pageshift")));
}
