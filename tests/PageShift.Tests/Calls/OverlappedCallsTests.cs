using System.Globalization;
using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Calls of threads that ran at the same time are made in an order that explains what they returned.</summary>
public sealed class OverlappedCallsTests
{
    private const string Threads = "100 clone(child_stack=0x7f8141bdfa80, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 101\n";

    [Fact]
    public void A_hundred_recordings_of_threads_without_a_lock_are_verified()
    {
        int disordered = 0;
        for (ulong seed = 0; seed < 100; seed++)
        {
            using var program = new InterleavedProgram(seed, 3000);
            string log = program.Log();

            using var followed = Followed.Untouched(log);

            AssertVerified(seed, followed);
            Assert.Equal(program.Space.GetMappings().Select(mapping => $"{mapping.Range} {mapping.Flags}"), followed.MappingsOf(100));
            disordered += followed.Order.Zip(followed.Order.Skip(1)).Any(pair => pair.First > pair.Second) ? 1 : 0;
        }

        Assert.True(disordered > 50, $"only {disordered} of the recordings needed another order than that of the ends");
    }

    // Threads that also make calls where others may have something by now: such calls succeed in any order, and only what comes later tells which it was.
    [Fact]
    public void A_hundred_recordings_of_threads_that_trespass_are_verified()
    {
        for (ulong seed = 0; seed < 100; seed++)
        {
            using var program = new InterleavedProgram(seed, 3000, trespasses: true);
            using var followed = Followed.Untouched(program.Log());

            AssertVerified(seed, followed);
        }
    }

    // strace -ff: each thread's calls are in a file of its own, and only their times say which overlap.
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Recordings_in_a_file_for_each_thread_are_verified(bool hasDurations, bool trespasses)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            using var program = new InterleavedProgram(seed, 1000, trespasses);
            using var followed = Followed.Files([.. program.Files(hasDurations)]);

            AssertVerified(seed, followed);
        }
    }

    private static void AssertVerified(ulong seed, Followed followed)
    {
        Assert.True(followed.Divergences == 0, $"seed {seed}: {followed.Divergences} divergences, first at line {followed.First?.Line}: {followed.First}");
        Assert.Equal((0L, 0L), (followed.Statistics.InferredMappings, followed.Statistics.UnexplainedResults));
    }

    // Whether the fork copied the space before or after a call of another thread, only the child's calls tell.
    [Theory]
    [InlineData("100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n101 munmap(0x7f0000100000, 65536) = 0\n100 <... clone resumed>) = 102\n")]
    [InlineData("100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n101 munmap(0x7f0000100000, 65536 <unfinished ...>\n100 <... clone resumed>) = 102\n101 <... munmap resumed>) = 0\n")]
    [InlineData("101 munmap(0x7f0000100000, 65536 <unfinished ...>\n100 clone(child_stack=NULL, flags=SIGCHLD) = 102\n101 <... munmap resumed>) = 0\n")]
    [InlineData("100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n101 mremap(0x7f0000100000, 65536, 65536, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f0000300000) = 0x7f0000300000\n100 <... clone resumed>) = 102\n")]
    public void A_fork_may_have_come_before_or_after_a_call_that_it_overlaps(string fork)
    {
        const string Mapped = Threads + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n";
        using var before = Followed.Log(Mapped + fork + "102 mprotect(0x7f0000100000, 65536, PROT_READ|PROT_WRITE) = 0\n");
        using var after = Followed.Log(Mapped + fork + "102 mmap(NULL, 65536, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n");
        using var moved = Followed.Log(Mapped + fork
            + "102 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000200000\n"
            + "102 mremap(0x7f0000200000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f0000104000\n");

        Assert.Equal((0, 0, 0), (before.Divergences, after.Divergences, moved.Divergences));
        Assert.Equal(0, before.Statistics.InferredMappings);
    }

    [Fact]
    public void A_place_that_no_call_had_freed_is_not_free_after_a_fork()
    {
        using var followed = Followed.Log(Threads
            + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n"
            + "101 munmap(0x7f0000108000, 32768) = 0\n"
            + "100 <... clone resumed>) = 102\n"
            + "102 mmap(NULL, 8192, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7f0000107000\n");

        Assert.Equal(1, followed.Divergences);
    }

    [Fact]
    public void Each_call_is_made_between_its_beginning_and_its_end()
    {
        using var followed = Followed.Log(Threads
            + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 munmap(0x7f0000100000, 65536 <unfinished ...>\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "101 mprotect(0x7f0000100000, 65536, PROT_READ|PROT_WRITE) = 0\n"
            + "100 <... munmap resumed>)             = 0\n");

        Assert.Equal([1L, 2L, 6L, 4L, 5L], followed.Order);
        Assert.Equal(0, followed.Divergences);
    }

    [Fact]
    public void A_split_memory_call_is_a_record_where_it_begins()
    {
        CallLogReader reader = LogText.PlainReader("5 munmap(0x1000, 4096 <unfinished ...>", "6 write(1, \"x\", 1 <unfinished ...>", "6 <... write resumed>) = 1", "5 <... munmap resumed>) = 0");
        var kinds = new List<(CallRecordKind, long)>();
        while (reader.TryRead(out CallRecord record))
            kinds.Add((record.Kind, record.Line));

        Assert.Equal([(CallRecordKind.CallStarted, 1), (CallRecordKind.Call, 3), (CallRecordKind.Call, 4)], kinds);
    }

    [Fact]
    public void Calls_that_touch_other_addresses_do_not_wait()
    {
        using var followed = Followed.Log(Threads
            + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 munmap(0x7f0000100000, 65536 <unfinished ...>\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000200000\n"
            + "100 <... munmap resumed>)             = 0\n");

        Assert.Equal([1L, 2L, 4L, 5L], followed.Order);
    }

    // The second mapping can't be there, whatever the order: nor can what relies on it.
    [Fact]
    public void What_no_order_explains_is_said_once()
    {
        using var followed = Followed.Log(Threads
            + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 munmap(0x7f0000100000, 65536 <unfinished ...>\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 <... munmap resumed>)             = 0\n"
            + "101 mmap(0x7f0000100000, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x7f0000100000\n");

        Assert.Equal(1, followed.Divergences);
    }

    // Of the error, nothing in the log is the cause. The order is found all the same.
    [Fact]
    public void An_error_that_is_not_explained_does_not_hide_the_order()
    {
        using var followed = Followed.Log(Threads
            + "100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "100 munmap(0x7f0000100000, 65536 <unfinished ...>\n"
            + "101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n"
            + "101 mremap(0x7f0000100000, 65536, 131072, MREMAP_MAYMOVE) = -1 ENOMEM (Cannot allocate memory)\n"
            + "100 <... munmap resumed>)             = 0\n");

        Assert.Equal((0, 1L), (followed.Divergences, followed.Statistics.UnexplainedResults));
    }

    // More calls wait for the munmap than can be kept. Only with it they would be explained; what is certain is still checked.
    [Fact]
    public void What_was_made_without_waiting_is_no_divergence()
    {
        var log = new StringBuilder(Threads)
            .Append("100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n")
            .Append("100 munmap(0x7f0000100000, 65536 <unfinished ...>\n")
            .Append("101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n");
        for (int i = 0; i < 130; i++)
            log.Append("101 mprotect(0x7f0000100000, 65536, PROT_READ|PROT_WRITE) = 0\n");
        log.Append("100 <... munmap resumed>)             = 0\n101 mprotect(0x7f0000100000, 65536, PROT_READ) = 0\n");
        using var followed = Followed.Log(log.ToString());
        using var after = Followed.Log(log + "101 munmap(0x7f0000100000, 65536) = 0\n101 munmap(0x7f0000100001, 65536) = 0\n101 mprotect(0x7f0000100000, 65536, PROT_READ) = 0\n");

        Assert.Equal((0, 2L), (followed.Divergences, followed.Statistics.UnexplainedResults));
        Assert.Equal(2, after.Divergences);
    }

    // The mprotect lasted 20 ms, as on a busy machine. Without -T nothing says so.
    [Fact]
    public void A_call_without_a_duration_may_have_taken_long()
    {
        using var followed = Followed.Files(
            (100, "10:00:00.000000 clone(child_stack=0x7ffff0000000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 101\n"
                + "10:00:00.001000 mmap(0x10000000, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000000\n"
                + "10:00:00.002000 munmap(0x10000000, 65536) = 0\n"
                + "10:00:00.100000 mprotect(0x10000000, 65536, PROT_READ|PROT_WRITE) = 0\n"
                + "10:00:00.150000 munmap(0x10000000, 65536) = 0\n"),
            (101, "10:00:00.115000 mmap(0x10000000, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000000\n"
                + "10:00:00.140000 madvise(0x10000000, 65536, MADV_RANDOM) = 0\n"));

        AssertVerified(0, followed);
    }

    [Fact]
    public void A_call_that_never_ends_holds_few_others_up()
    {
        const int Rounds = 2000;
        var log = new StringBuilder(Threads)
            .Append("100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000\n")
            .Append("100 madvise(0x7f0000100000, 65536, MADV_DONTNEED <unfinished ...>\n");
        for (int i = 0; i < Rounds; i++)
            log.Append("101 mprotect(0x7f0000100000, 65536, PROT_READ|PROT_WRITE) = 0\n101 mprotect(0x7f0000100000, 65536, PROT_READ) = 0\n");
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true });
        var reader = new CallLogReader(new MemoryStream(Encoding.ASCII.GetBytes(log.ToString())), new CallLogOptions { FileName = "log" });
        long most = 0;
        while (reader.TryRead(out CallRecord record))
        {
            _ = executor.Execute(record);
            most = Math.Max(most, record.Line - executor.Statistics.Calls);
        }

        executor.Finish();
        Assert.InRange(most, 100, 140);
        Assert.Equal(2 + (2 * Rounds), executor.Statistics.Calls);
    }

    [Fact]
    public void A_thread_that_dies_in_a_call_holds_nothing_up()
    {
        using var followed = Followed.Log(string.Create(CultureInfo.InvariantCulture, $"""
            {Threads}100 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000
            100 mprotect(0x7f0000100000, 65536, PROT_NONE <unfinished ...>
            101 munmap(0x7f0000100000, 65536) = 0
            100 +++ exited with 0 +++
            101 mmap(NULL, 65536, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000

            """));

        Assert.Equal(0, followed.Divergences);
    }
}
