using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Limits, rights and what prctl sets are followed as far as a log shows them. The rules were checked on Linux 6.18; <c>tests/logs/rights.log</c>, <c>mdwe.log</c> and <c>thp.log</c> are recordings.</summary>
public sealed class RightsOfLogTests
{
    private const string Map = "100 mmap(0x10000000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000\n";
    private const string Limit = "100 prlimit64(0, RLIMIT_MEMLOCK, {rlim_cur=4*1024, rlim_max=4*1024}, NULL) = 0\n";
    private const string Locked = "100 mlock(0x10000000, 8192) = 0\n";
    private const string Refused = "100 mlock(0x10000000, 8192) = -1 ENOMEM (Cannot allocate memory)\n";
    private const string Fork = "100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f1) = 101\n";
    private const string Execution = "100 execve(\"/bin/true\", [\"true\"], 0x7ffc /* 1 var */) = 0\n";
    private const string NewMapping = "mmap(0x20000000, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)";

    // What the log shows of the rights of a thread, and whether a success over the limit can be.
    [Theory]
    [InlineData("", true)]
    [InlineData("100 geteuid() = 0\n", true)]
    [InlineData("100 setresuid(1000, 1000, 1000) = 0\n", true)] // it may not have been root before
    [InlineData("100 geteuid() = 0\n100 setresuid(1000, 1000, 1000) = 0\n", false)]
    [InlineData("100 geteuid32() = 0\n100 setresuid32(1000, 1000, 1000) = 0\n", false)]
    [InlineData("100 geteuid() = 0\n100 setuid(1000) = 0\n", false)]
    [InlineData("100 geteuid() = 0\n100 setreuid(-1, 1000) = 0\n", false)]
    [InlineData("100 geteuid() = 0\n100 setreuid(1000, -1) = 0\n", true)]
    [InlineData("100 geteuid() = 0\n100 setuid(1000) = -1 EAGAIN (Resource temporarily unavailable)\n", true)]
    [InlineData("100 geteuid() = 0\n100 setresuid(-1, 1000, -1) = 0\n100 setresuid(-1, 0, -1) = 0\n", true)]
    [InlineData("100 geteuid() = 0\n100 prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) = 0\n100 setuid(1000) = 0\n", true)]
    [InlineData("100 geteuid() = 0\n100 setuid(1000) = 0\n100 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_IPC_LOCK, permitted=1<<CAP_IPC_LOCK, inheritable=0}) = 0\n", true)]
    [InlineData("100 capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_SYS_RESOURCE, permitted=1<<CAP_IPC_LOCK, inheritable=0}) = 0\n", false)]
    [InlineData("100 capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0, permitted=0, inheritable=0}) = 0\n", false)]
    [InlineData("100 capget({version=_LINUX_CAPABILITY_VERSION_3, pid=101}, {effective=0, permitted=0, inheritable=0}) = 0\n", true)]
    [InlineData("100 capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, NULL) = 0\n", true)]
    [InlineData("100 unshare(CLONE_NEWUSER) = 0\n", false)]
    [InlineData("100 unshare(CLONE_NEWNS) = 0\n", true)]
    [InlineData("100 setgroups(0, NULL) = 0\n100 setresgid(1000, 1000, 1000) = 0\n", true)]
    public void A_lock_over_the_limit_takes_a_right_that_the_log_leaves_possible(string rights, bool isPossible)
    {
        using var granted = Followed.Log(Map + Limit + rights + Locked);
        using var refused = Followed.Log(Map + Limit + rights + Refused);

        Assert.Equal((isPossible ? 0 : 1, 0L), (granted.Divergences, granted.Statistics.UnexplainedResults));
        Assert.Equal((0, 0L), (refused.Divergences, refused.Statistics.UnexplainedResults));
    }

    [Theory]
    [InlineData("100 getrlimit(RLIMIT_MEMLOCK, {rlim_cur=4*1024, rlim_max=4*1024}) = 0\n", true)]
    [InlineData("100 prlimit64(0, RLIMIT_MEMLOCK, NULL, {rlim_cur=4*1024, rlim_max=4*1024}) = 0\n", true)]
    [InlineData("100 prlimit64(100, RLIMIT_MEMLOCK, {rlim_cur=4*1024, rlim_max=4*1024}, {rlim_cur=8192*1024, rlim_max=8192*1024}) = 0\n", true)]
    [InlineData("100 prlimit64(101, RLIMIT_MEMLOCK, {rlim_cur=4*1024, rlim_max=4*1024}, NULL) = 0\n", false)]
    [InlineData("100 prlimit64(0, RLIMIT_MEMLOCK, {rlim_cur=4*1024, rlim_max=8192*1024}, NULL) = -1 EPERM (Operation not permitted)\n", false)]
    public void A_limit_that_the_log_shows_explains_a_refusal(string limit, bool explains)
    {
        using var followed = Followed.Log(Map + limit + Refused);

        Assert.Equal((0, explains ? 0L : 1L), (followed.Divergences, followed.Statistics.UnexplainedResults));
    }

    [Fact]
    public void Rights_are_a_threads_and_its_childrens()
    {
        string before = Map + Limit + "100 geteuid() = 0\n";
        using var other = Followed.Log($"{before}100 clone(child_stack=0x7f1, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 101\n101 setuid(1000) = 0\n101 mlock(0x10000000, 8192) = -1 ENOMEM (x)\n{Locked}");
        using var child = Followed.Log($"{before}100 setuid(1000) = 0\n{Fork}101 mlock(0x10000000, 8192) = 0\n");
        using var program = Followed.Log($"{before}100 setuid(1000) = 0\n{Execution}{Map}{Locked}"); // its file may have a capability
        using var contained = Followed.Log($"{before}100 unshare(CLONE_NEWUSER) = 0\n{Execution}{Map}{Locked}");
        using var born = Followed.Log($"{before}100 clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD) = 101\n101 mlock(0x10000000, 8192) = 0\n{Locked}");

        Assert.Equal([0, 1, 0, 1, 1], new[] { other, child, program, contained, born }.Select(followed => followed.Divergences));
    }

    [Theory]
    [InlineData("100 prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) = 0\n")]
    [InlineData("100 prctl(0x41 /* PR_??? */, 0x1, 0, 0, 0) = 0\n")]
    [InlineData("100 prctl(PR_GET_MDWE, 0, 0, 0, 0) = 1\n")] // it was set before the log began
    public void What_is_denied_by_MDWE_is_explained_and_nothing_else_can_be(string denial)
    {
        string refused = $"100 {NewMapping} = -1 EACCES (Permission denied)\n100 mprotect(0x10000000, 4096, PROT_READ|PROT_EXEC) = -1 EACCES (Permission denied)\n";
        using var denied = Followed.Log(Map + denial + refused);
        using var granted = Followed.Log(Map + denial + $"100 {NewMapping} = 0x20000000\n100 mprotect(0x20000000, 4096, PROT_READ) = 0\n");
        using var unknown = Followed.Log(Map + refused);

        Assert.Equal((0, 0L), (denied.Divergences, denied.Statistics.UnexplainedResults));
        Assert.Equal((1, 0L), (granted.Divergences, granted.Statistics.UnexplainedResults));
        Assert.Equal((0, 2L), (unknown.Divergences, unknown.Statistics.UnexplainedResults));
    }

    [Theory]
    [InlineData("PR_MDWE_REFUSE_EXEC_GAIN", true)]
    [InlineData("PR_MDWE_REFUSE_EXEC_GAIN|PR_MDWE_NO_INHERIT", false)]
    public void MDWE_is_inherited_unless_it_was_asked_not_to_be(string flags, bool isInherited)
    {
        string set = $"100 prctl(PR_SET_MDWE, {flags}, 0, 0, 0) = 0\n";
        using var child = Followed.Log($"{set}{Fork}101 {NewMapping} = 0x20000000\n");
        using var program = Followed.Log($"{set}{Execution}100 {NewMapping} = 0x20000000\n");

        Assert.Equal((isInherited ? 1 : 0, isInherited ? 1 : 0), (child.Divergences, program.Divergences));
    }

    [Fact]
    public void Other_uses_of_prctl_leave_memory_alone_however_they_look()
    {
        using var followed = Followed.Log("""
            100 prctl(PR_SET_NAME, "worker") = 0
            100 prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x7f0000000000, 4096, "heap") = -1 EINVAL (Invalid argument)
            100 prctl(PR_CAPBSET_READ, CAP_MAC_OVERRIDE) = 1
            100 prctl(0x53564d41 /* PR_??? */, 0, 0x7f0000000000, 0x1000, 0x7f12) = 0
            100 prctl(PR_SET_NAME, "wor <unfinished ...>
            100 <... prctl resumed>) = 0

            """);

        Assert.Equal("5 0 0 0 0 0", followed.Counts);
    }
}
