using System.Text;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>What hand-written files may hold beside what strace writes.</summary>
public sealed class HandWrittenLogTests
{
    [Fact]
    public void Comments_and_blank_lines_are_no_records()
    {
        List<CallRecord> records = LogText.Read(
            "# mmap(0, 1, 2, 3, 4, 5) = 6",
            "",
            "   \t",
            "  munmap(0x1000, 4096)   # a tail = 0",
            "munmap(0x2000, 4096) = 0 # done");

        Assert.Equal([4, 5], records.Select(record => record.Line));
        Assert.Equal([CallOutcome.None, CallOutcome.OfValue(0)], records.Select(record => record.Outcome));
    }

    [Fact]
    public void A_number_sign_in_a_string_or_a_path_is_no_comment()
    {
        Assert.Equal("/a#b", LogText.ReadOne("openat(AT_FDCWD, \"/a#b\", O_RDWR) = 3").FilePath);
        Assert.Equal("/a#b", LogText.ReadOne("mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 3</a#b>, 0) = 0x1000").FilePath);
    }

    [Fact]
    public void Expressions_stand_for_numbers_in_arguments_and_results()
    {
        CallRecord record = LogText.ReadOne("mremap(128*MB + 1*MB, 2*MB, 2*MB, MREMAP_MAYMOVE|MREMAP_FIXED, 127*MB) = 127*MB");

        Assert.Equal(new SystemCall(SystemCallNumber.Remap, new(0x8100000, 0x200000, 0x200000, 3, 0x7f00000)), record.Call);
        Assert.Equal(CallOutcome.OfValue(0x7f00000), record.Outcome);
    }

    [Fact]
    public void Pseudo_calls_say_what_system_calls_can_not()
    {
        List<CallRecord> records = LogText.Read("memset(0x8100000, 0x5a, 2*MB)", "relocate_vma_down(0x1fff000, 0x201000, 2*MB) = 0");

        Assert.Equal(
            [
                new SystemCall(PseudoCall.MemorySet, new(0x8100000, 0x5a, 0x200000)),
                new SystemCall(PseudoCall.RelocateDown, new(0x1fff000, 0x201000, 0x200000)),
            ],
            records.Select(record => record.Call));
        Assert.All(records, record => Assert.Null(record.Call.Description));
    }

    [Fact]
    public void A_file_from_another_system_is_read_alike()
    {
        byte[] log = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("munmap(0x1000, 4096) = 0\r\n--- SIGIO {} ---\r\nmunmap(0x1000, 4096)\r\n\r\n")];

        Assert.Equal([CallOutcome.OfValue(0), CallOutcome.None], LogText.Read(log).Select(record => record.Outcome));
    }

    [Fact]
    public void The_last_line_needs_no_line_end()
    {
        Assert.Equal(CallOutcome.OfValue(0), LogText.ReadOne("munmap(0x1000, 4096) = 0").Outcome);
    }

    [Fact]
    public void A_hint_for_the_new_address_can_be_given()
    {
        Assert.Equal(0x5000u, LogText.ReadOne("mremap(0x1000, PAGE, PAGE, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0x5000)").Call.Arguments.Fifth);
    }

    [Theory]
    [InlineData("mmap(NULL, 4096, 3, 0x22, -1, 0)", SystemCallNumber.Map)]
    [InlineData("munmap(NULL, 4096)", SystemCallNumber.Unmap)]
    [InlineData("mremap(NULL, 4096, 4096, 0)", SystemCallNumber.Remap)]
    [InlineData("mprotect(NULL, 4096, PROT_NONE)", SystemCallNumber.Protect)]
    [InlineData("pkey_mprotect(NULL, 4096, PROT_NONE, -1)", SystemCallNumber.ProtectWithKey)]
    [InlineData("madvise(NULL, 4096, MADV_GUARD_INSTALL)", SystemCallNumber.Advise)]
    [InlineData("brk(NULL)", SystemCallNumber.Break)]
    [InlineData("mincore(NULL, 4096, [1, 0...])", SystemCallNumber.InCore)]
    [InlineData("mlock(NULL, 4096)", SystemCallNumber.Lock)]
    [InlineData("mlock2(NULL, 4096, MLOCK_ONFAULT)", SystemCallNumber.Lock2)]
    [InlineData("munlock(NULL, 4096)", SystemCallNumber.Unlock)]
    [InlineData("mlockall(MCL_FUTURE)", SystemCallNumber.LockAll)]
    [InlineData("munlockall()", SystemCallNumber.UnlockAll)]
    [InlineData("msync(NULL, 4096, MS_ASYNC)", SystemCallNumber.Sync)]
    [InlineData("mseal(NULL, 4096, 0)", SystemCallNumber.Seal)]
    [InlineData("syscall_0x1ce(0, 0x1000, 0, 0x1, 0x2, 0x3)", SystemCallNumber.Seal)]
    [InlineData("syscall_0x19(0x1000, 0x1000, 0x1000, 0x1, 0, 0x3)", SystemCallNumber.Remap)]
    public void A_memory_call_has_the_kernels_number(string line, SystemCallNumber number)
    {
        SystemCall call = LogText.ReadOne(line).Call;

        Assert.Equal(number, call.Number);
        Assert.Equal(CallStanding.Modelled, call.Standing);
    }

    [Fact]
    public void The_descriptor_and_the_key_are_signed()
    {
        Assert.Equal(ulong.MaxValue, LogText.ReadOne("mmap(0, 0x1000, 0x3, 0x22, 0xffffffff, 0)").Call.Arguments.Fifth);
        Assert.Equal(ulong.MaxValue, LogText.ReadOne("pkey_mprotect(0, 0x1000, 0x3, 0xffffffff)").Call.Arguments.Fourth);
        Assert.Equal(ulong.MaxValue, LogText.ReadOne("close(-1) = -1 EBADF").Call.Arguments.First);
    }

    [Fact]
    public void A_result_of_the_engine_compares_with_what_a_log_shows()
    {
        Assert.Equal(CallOutcome.OfResult(Errno.OutOfMemory), LogText.ReadOne("brk(NULL) = -1 ENOMEM (Cannot allocate memory)").Outcome);
        Assert.Equal(CallOutcome.OfResult(new VirtualAddress(0x1000)), LogText.ReadOne("brk(NULL) = 0x1000").Outcome);
        Assert.Equal(CallOutcome.OfResult(CallResult.Success), LogText.ReadOne("munmap(0x1000, 4096) = 0").Outcome);
    }

    [Fact]
    public void An_address_above_half_of_the_range_is_returned_whole()
    {
        Assert.Equal(unchecked((long)0xfffffffffffff000), LogText.ReadOne("brk(NULL) = 0xfffffffffffff000").Outcome.Value);
    }

    [Fact]
    public void A_clone_holds_its_flags_however_it_is_written()
    {
        List<CallRecord> records = LogText.Read(
            "fork() = 2",
            "vfork() = 3",
            "clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD|SIGCHLD) = 4",
            "clone(0x10100, 0, 0, 0, 0) = 5",
            "clone3({flags=CLONE_VM|CLONE_NEWTIME, exit_signal=SIGRT_1, stack=0x1, set_tid=[1, 2]}, 88) = 6",
            "clone3(0x7fff0000, 88) = 7",
            "clone(child_stack=0x1000, flags=0, parent_tid=[9]) = 8");

        Assert.Equal(
            [(0, 17), (0x4100, 17), (0x10100, 17), (0x10100, 0), (0x180, 33), (0, 0), (0, 0)],
            records.Select(record => ((int)record.Call.Arguments.First, (int)record.Call.Arguments.Second)));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], records.Select(record => record.Outcome.Value));
        // Whether that one made a thread or a process is not known.
        Assert.Equal((PseudoCall.Unknown, "clone3"), (records[5].Call.Number, records[5].Name));
        Assert.All(records.Where(record => record != records[5]), record => Assert.Equal(SystemCallNumber.Clone, record.Call.Number));
    }

    [Fact]
    public void Duplicated_and_closed_descriptors_are_told_from_other_file_control()
    {
        const SystemCallNumber fileControl = (SystemCallNumber)72;
        const SystemCallNumber closeRange = (SystemCallNumber)436;
        List<CallRecord> records = LogText.Read(
            "dup(3) = 4",
            "dup3(3, 5, O_CLOEXEC) = 5",
            "fcntl(3</x>, F_DUPFD, 10) = 10</x>",
            "fcntl(3, 0x406, 10) = 11",
            "fcntl(3, F_SETFD, FD_CLOEXEC) = 0",
            "close(3<TCP:[127.0.0.1:5->127.0.0.1:6]>) = 0",
            "close_range(3, 4294967295, CLOSE_RANGE_UNSHARE) = 0",
            "close_range(3, 5, CLOSE_RANGE_CLOEXEC) = 0");

        Assert.Equal(
            [
                (SystemCallNumber.DuplicateFile, 3, 0), (SystemCallNumber.DuplicateFile, 3, 0), (SystemCallNumber.DuplicateFile, 3, 0), (SystemCallNumber.DuplicateFile, 3, 0),
                (fileControl, 0, 0), (SystemCallNumber.CloseFile, 3, 3), (SystemCallNumber.CloseFile, 3, -1), (closeRange, 0, 0),
            ],
            records.Select(record => (record.Call.Number, (int)record.Call.Arguments.First, (int)record.Call.Arguments.Second)));
    }

    [Fact]
    public void Opened_files_have_their_flags_and_the_path_that_the_kernel_resolved()
    {
        List<CallRecord> records = LogText.Read(
            "open(\"a\", O_RDWR|O_CREAT, 0600) = 3</home/a>",
            "openat(AT_FDCWD</home>, \"b\", O_RDONLY|O_CLOEXEC) = 4",
            "openat2(AT_FDCWD, \"c\", {flags=O_WRONLY, resolve=0}, 24) = 5",
            "creat(\"d\", 0600) = 6",
            "memfd_create(\"e\", MFD_CLOEXEC) = 7",
            "openat(0xffffff9c, 0x7ffe0000, 0x80000) = 8");

        Assert.Equal(["/home/a", "b", "c", "d", "/memfd:e", null], records.Select(record => record.FilePath));
        Assert.Equal([0x42, 0x80000, 1, 1, 2, 0x80000], records.Select(record => (int)record.Call.Arguments.First));
    }

    [Theory]
    [InlineData("read(3, \"\\\") = 5\\\\\", 10) = 7")]
    [InlineData("poll([{fd=3, events=POLLIN}], 1, -1) = 1 ([{fd=3, revents=POLLIN}])")]
    [InlineData("wait4(5, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 5")]
    [InlineData("select(4, [3], NULL, NULL, {tv_sec=1, tv_usec=0}) = 1 (in [3], left {tv_sec=0, tv_usec=9})")]
    [InlineData("execveat(-1, 0x55 /* Bad ( address */, NULL, NULL, 0) = -1 EFAULT (Bad address)")]
    [InlineData("rt_sigaction(SIGINT, {sa_handler=0x1, sa_mask=~[RTMIN RT_1], sa_flags=SA_RESTART}, NULL, 8) = 0")]
    [InlineData("sendto(3<UNIX-STREAM:[1->2]>, \"a)\"..., 9, 0, NULL, 0) = 9")]
    [InlineData("getpriority(PRIO_PROCESS, 0) = -1")]
    [InlineData("restart_syscall(<... resuming interrupted read ...>) = 0")]
    [InlineData("umask(022) = 077")]
    [InlineData("mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1000")]
    [InlineData("exit_group(0) = ? <unavailable>")]
    [InlineData("munmap(0x1000, 4096 <unfinished ...>) = ?")]
    [InlineData("???() = ?")]
    public void What_other_calls_hold_does_not_matter(string line)
    {
        Assert.Equal(1, LogText.ReadOne(line).Line);
    }
}
