using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>The log is the truth: what failed is not carried out, what succeeded is, and each difference is one.</summary>
public sealed class FollowedLogTests
{
    private const string Map = "mmap(0x10000000, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000\n";

    private const ulong MostPopulated = 64UL << 20;

    public static TheoryData<string> Corpus => LogCorpusTests.Names;

    [Fact]
    public void A_protection_key_that_the_log_has_used_was_allocated()
    {
        using var followed = Followed.Log("pkey_alloc(0, 0) = 1\n"
            + "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n"
            + "pkey_mprotect(0x7f0000000000, 4096, PROT_READ|PROT_WRITE, 1) = 0\n"
            + "pkey_mprotect(0x7f0000001000, 4096, PROT_NONE, 0) = 0\n"
            + "pkey_mprotect(0x7f0000001000, 4096, PROT_READ, 9) = -1 EINVAL (Invalid argument)\n");

        Assert.Equal(0, followed.Divergences);
        Assert.Equal(2, followed.MappingsOf(0).Count());
    }

    [Theory]
    [InlineData("MADV_HWPOISON")]
    [InlineData("MADV_SOFT_OFFLINE")]
    public void Advice_that_takes_memory_out_of_service_is_left_out(string advice)
    {
        using var followed = Followed.Log($"{Map}madvise(0x10000000, 4096, {advice}) = 0\nmadvise(0x10000000, 4096, {advice}) = -1 EPERM (Operation not permitted)\n");

        Assert.Equal((0, 1L), (followed.Divergences, followed.Statistics.UnsupportedCalls));
    }

    // Memory that the log never maps is what a call that succeeded needs it to be.
    [Theory]
    [InlineData("mremap(0x7f0000000000, 0, 8192, MREMAP_MAYMOVE) = 0x7f0000100000\nmremap(0x7f0000000000, 0, 8192, MREMAP_MAYMOVE) = 0x7f0000200000\n")]
    [InlineData("madvise(0x7f0000000000, 8192, MADV_REMOVE) = 0\n")]
    [InlineData("remap_file_pages(0x7f0000000000, 8192, 0, 1, 0) = 0\n")]
    [InlineData("mprotect(0x7ffc00000000, 4096, PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN) = 0\n")]
    public void What_is_inferred_is_of_the_kind_that_the_call_presupposes(string log)
    {
        using var followed = Followed.Log(log);

        Assert.Equal((0, 1L), (followed.Divergences, followed.Statistics.InferredMappings));
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void A_log_does_the_same_whether_it_is_verified_or_not(string name)
    {
        byte[] log = File.ReadAllBytes(Repository.Path($"tests/logs/{name}"));
        Machine machine = MachineOrUsual(name);

        using var verified = Followed.Log(log, verify: true, machine);
        using var only = Followed.Log(log, verify: false, machine);

        Assert.Equal(verified.Counts, only.Counts);
        Assert.Equal(verified.Mappings, only.Mappings);
        Assert.Equal(0, only.Divergences);
    }

    private static Machine MachineOrUsual(string name)
    {
        try
        {
            return MachineLogTests.MachineOf(name);
        }
        catch (UnsupportedMachineException)
        {
            return Machine.Usual;
        }
    }

    // What comes after a difference does not fall over it: the last two calls have to agree.
    [Theory]
    [InlineData("mremap(0x10000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = -1 EFAULT (Bad address)", 0)]
    [InlineData("munmap(0x10000000, 16384) = -1 EINVAL (Invalid argument)", 0)]
    [InlineData("mprotect(0x10000000, 16384, PROT_NONE) = -1 EINVAL (Invalid argument)", 0)]
    [InlineData("mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL (Invalid argument)", 0)]
    [InlineData("madvise(0x10000000, 16384, MADV_DONTFORK) = -1 EINVAL (Invalid argument)", 0)]
    [InlineData("msync(0x10000000, 16384, MS_SYNC) = -1 ENOMEM (Cannot allocate memory)", 0)]
    [InlineData("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10001000", 0)]
    [InlineData("mremap(0x10000000, 4096, 8192, 0) = 0x10000000", 0)]
    public void A_difference_is_one_difference(string call, int moves)
    {
        using var followed = Followed.Log($"{Map}{call}\nmprotect(0x10000000, 16384, PROT_READ|PROT_WRITE) = 0\nmunmap(0x10000000, 16384) = 0\n");

        Assert.Equal((1, 0L, (long)moves), (followed.Divergences, followed.Statistics.InferredMappings, followed.Statistics.Moves));
    }

    [Fact]
    public void A_mapping_that_the_log_states_is_of_the_file_that_it_names()
    {
        using var followed = Followed.Log("openat(AT_FDCWD, \"/file\", O_RDONLY) = 7\nmapping(0x10000000, 8192, rd|mr|me, 7, 0)\nmadvise(0x10000000, 4096, MADV_FREE) = -1 EINVAL (Invalid argument)\n");

        Assert.Null(followed.First);
    }

    [Theory]
    [InlineData("munmap(0x10000000, 16384) = 0", "mmap(NULL, 16384, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000")]
    [InlineData("mprotect(0x10000000, 4096, PROT_NONE) = 0", "munmap(0x20000000, 4096) = 0")]
    [InlineData("mremap(0x10000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000", "mremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30000000) = -1 EFAULT (Bad address)")]
    [InlineData("mmap(0x10000000, 16384, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000", "munmap(0x10000000, 16384) = 0")]
    public void What_the_engine_takes_for_sealed_goes_when_the_log_says_so(string call, string next)
    {
        using var followed = Followed.Log($"{Map}mseal(0x10000000, 16384, 0) = 0\n{call}\n{next}\n");

        Assert.Equal((1, 0L), (followed.Divergences, followed.Statistics.UnexplainedResults));
    }

    [Fact]
    public void A_hole_that_the_log_has_made_is_none_of_which_it_says_nothing()
    {
        using var known = Followed.Log("munmap(0x10000000, 8192) = 0\nmremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000\nmunmap(0x20000000, 4096) = 0\n");
        using var unknown = Followed.Log("munmap(0x10001000, 4096) = 0\nmremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000\n");

        Assert.Equal((1, 0L), (known.Divergences, known.Statistics.InferredMappings));
        Assert.Equal((0, 1L), (unknown.Divergences, unknown.Statistics.InferredMappings));
    }

    // Each call leaves a hole, or says that one is there; the move that follows can't succeed.
    [Theory]
    [InlineData("mremap(0x10000000, 16384, 4096, 0) = 0x10000000")]
    [InlineData("mremap(0x10000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x40000000) = 0x40000000")]
    [InlineData("mremap(0x10000000, 16384, 32768, MREMAP_MAYMOVE) = 0x40000000")]
    [InlineData("munmap(0x10000000, 16384) = 0")]
    [InlineData("munmap(0, 0x7ffffffff000) = 0")]
    public void What_a_call_leaves_unmapped_is_known_to_be(string call)
    {
        using var followed = Followed.Log($"{Map}{call}\nmprotect(0x10001000, 4096, PROT_READ) = 0\n");
        using var inherited = Followed.Log($"100 {Map}100 {call}\n100 fork() = 101\n101 mprotect(0x10001000, 4096, PROT_READ) = 0\n");

        Assert.Equal((1, 0L), (followed.Divergences, followed.Statistics.InferredMappings));
        Assert.Equal((1, 0L), (inherited.Divergences, inherited.Statistics.InferredMappings));
    }

    [Theory]
    [InlineData("mincore(0x10000000, 4096, 0x55b13d3772a0) = -1 ENOMEM (Cannot allocate memory)")]
    [InlineData("msync(0x10000000, 4096, MS_SYNC) = -1 ENOMEM (Cannot allocate memory)")]
    [InlineData("madvise(0x10000000, 4096, MADV_POPULATE_WRITE) = -1 ENOMEM (Cannot allocate memory)")]
    [InlineData("mremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x40000000) = -1 EFAULT (Bad address)")]
    public void A_page_that_a_call_did_not_find_is_known_to_be_none(string call)
    {
        using var followed = Followed.Log($"{call}\nmprotect(0x10000000, 4096, PROT_READ) = 0\n");

        Assert.Equal((1, 0L, 0L), (followed.Divergences, followed.Statistics.InferredMappings, followed.Statistics.UnexplainedResults));
    }

    [Fact]
    public void Another_program_begins_with_nothing_known()
    {
        using var followed = Followed.Log($"{Map}munmap(0x10000000, 16384) = 0\nexecve(\"/bin/true\", [], 0x7ffc /* 0 vars */) = 0\nmprotect(0x10000000, 4096, PROT_READ) = 0\n");

        Assert.Equal((0, 1L), (followed.Divergences, followed.Statistics.InferredMappings));
    }

    // What comes before a failure is right where the engine fails in the same way.
    // The gap is filled last. If both sides have pages, only one of them merges with what fills it; if not, all three are one mapping. Which it was, mremap says.
    [Theory]
    [InlineData("mremap(0x10000000, 0x5000, 0x6000, 0) = 0x10000000\n", PopulateAssumption.All)]
    [InlineData("mremap(0x10000000, 0x5000, 0x6000, 0) = 0x10000000\n", PopulateAssumption.None)]
    [InlineData("mremap(0x10000000, 0x5000, 0x6000, 0) = -1 EFAULT (Bad address)\n", PopulateAssumption.All)]
    [InlineData("mremap(0x10000000, 0x5000, 0x6000, 0) = -1 EFAULT (Bad address)\n", PopulateAssumption.None)]
    [InlineData("mremap(0x10000000, 0x5000, 0x4000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000\n", PopulateAssumption.All)]
    public void What_merges_depends_on_pages_that_are_assumed(string mremap, PopulateAssumption populate)
    {
        const string Log = "mmap(0x10000000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000000\n"
            + "mmap(0x10003000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10003000\n"
            + "mmap(0x10002000, 0x1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10002000\n";
        using var followed = populate == PopulateAssumption.None ? Followed.Untouched(Log + mremap) : Followed.Log(Log + mremap);

        Assert.Equal(0, followed.Divergences);
    }

    [Fact]
    public void What_a_call_does_before_it_fails_is_done()
    {
        using var followed = Followed.Log(Map
            + "munmap(0x10002000, 4096) = 0\n"
            + "mprotect(0x10000000, 16384, PROT_READ) = -1 ENOMEM (Cannot allocate memory)\n"
            + "madvise(0x10000000, 8192, MADV_POPULATE_WRITE) = -1 EINVAL (Invalid argument)\n");

        Assert.Equal(0, followed.Divergences);
    }

    [Fact]
    public void A_break_that_the_kernel_refuses_stays()
    {
        using var refused = Followed.Log("brk(NULL) = 0x10000000\nbrk(0x10004000) = 0x10000000\nbrk(NULL) = 0x10000000\nbrk(0x10001000) = 0x10001000\n");
        using var granted = Followed.Log("brk(NULL) = 0x10000000\nmmap(0x10002000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10002000\nbrk(0x10004000) = 0x10004000\nbrk(NULL) = 0x10004000\nbrk(0x10001000) = 0x10001000\n");

        Assert.Equal((0, 1L), (refused.Divergences, refused.Statistics.UnexplainedResults));
        Assert.Equal((1, 0L), (granted.Divergences, granted.Statistics.UnexplainedResults));
    }

    // Nothing that a log claims ends the tool: results that no kernel gives are one difference each.
    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public void Random_calls_may_end_in_any_way(ulong batch)
    {
        for (ulong seed = batch * 100; seed < (batch + 1) * 100; seed++)
        {
            var random = new SplitMix(seed ^ 0x5eed);
            var generator = new CallGenerator(seed);
            using var executor = new LogExecutor(new LogExecutorOptions { Verify = true, Populate = PopulateAssumption.None });
            for (int i = 0; i < 300; i++)
            {
                CallRecord record = generator.Next(new SpaceSnapshot());
                if (record.Call.Description is not { } call || call.Number == SystemCallNumber.LockAll || call.PopulatedBytes(record.Call.Arguments, default, locksFuture: false) > MostPopulated)
                    continue;
                try
                {
                    _ = executor.Execute(record with { ThreadId = 1, Outcome = AnyOutcome(record.Call, ref random) });
                }
                catch (UnsupportedMachineException)
                {
                    // It succeeded beyond what the page tables hold: that is no log of this machine, and refused.
                }
            }

            executor.SpaceOf(1).Verify();
        }
    }

    private static CallOutcome AnyOutcome(in SystemCall call, ref SplitMix random) => random.Below(14) switch
    {
        < 3 => CallOutcome.OfError((Errno)(1 + random.Below(40))),
        3 => CallOutcome.OfValue((long)random.Next()),
        < 6 => CallOutcome.OfValue((long)random.Below(1UL << 46)),
        < 8 => CallOutcome.OfValue((long)(random.Below(1UL << 34) << 12)),
        < 10 => CallOutcome.None,
        _ => CallOutcome.OfValue(call.ReturnsAddress ? (long)call.Arguments.First : 0),
    };
}
