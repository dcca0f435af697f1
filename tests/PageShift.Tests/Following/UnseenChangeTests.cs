using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>What a follower can't see does not make it part from the kernel: what faults have done, what calls do that are not modelled, and what is no
/// ordinary memory. What is right is asked of the kernel first.</summary>
public sealed class UnseenChangeTests
{
    public static TheoryData<string> Growth => SmallPrograms.CasesOf("growth.c");

    public static TheoryData<string> Identity => SmallPrograms.CasesOf("identity.c");

    public static TheoryData<string> Special => SmallPrograms.CasesOf("special.c");

    public static TheoryData<string> Files => SmallPrograms.CasesOf("files.c");

    public static TheoryData<string> Ends => SmallPrograms.CasesOf("ends.c");

    [Theory]
    [MemberData(nameof(Growth))]
    public void Memory_that_faults_have_extended_stays_in_step_and_replays(string name)
    {
        FollowedRun run = AssertAgreement(name);

        Assert.Equal(0, run.Statistics.UnmodelledCalls);
    }

    [Theory]
    [MemberData(nameof(Identity))]
    public void Page_offsets_identities_and_locks_outlast_what_is_not_modelled(string name) => AssertAgreement(name);

    [Theory]
    [MemberData(nameof(Special))]
    public void Memory_of_other_kinds_stays_in_step(string name) => AssertAgreement(name);

    [Theory]
    [MemberData(nameof(Files))]
    public void Files_that_are_opened_in_different_ways_stay_in_step_and_replay(string name)
    {
        FollowedRun run = AssertAgreement(name);

        Assert.Equal(0, run.Statistics.UnmodelledCalls);
    }

    [Fact]
    public void A_heap_that_a_limit_keeps_from_growing_is_no_memory()
    {
        FollowedRun run = AssertAgreement("the_heap_ends_where_it_did_when_its_neighbour_merges_with_it");

        Assert.Equal(["ENOMEM"], run.Statistics.UnexplainedErrors.Keys);
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void Calls_at_the_end_of_all_memory_and_beyond_stay_in_step(string name) => AssertAgreement(name);

    [Theory]
    [InlineData("ranges_of_a_userfaultfd", "userfaultfd")]
    [InlineData("large_pages_of_hugetlbfs", "hugetlbfs")]
    [InlineData("memory_of_io_uring", "drivers")]
    public void Ranges_that_are_not_modelled_are_counted_by_what_they_are(string name, string kind)
    {
        FollowedRun run = AssertAgreement(name);

        Assert.True(run.Statistics.UnmodelledRanges[kind] > 0);
        Assert.Equal([kind], run.Statistics.UnmodelledRanges.Keys);
    }

    /// <summary>With a look at all of it for each call it would be 130 times as much.</summary>
    [Fact]
    public void Large_memory_without_private_pages_is_looked_through_once_for_each_page_fault_and_not_for_each_call()
    {
        var run = FollowedRun.OfC("""
            enum { COUNT = 256 };
            static const size_t chunk = 1UL << 30;
            int main(void)
            {
                char *all = mmap(0, COUNT * chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                if (all == MAP_FAILED)
                    return 1;
                for (int i = 0; i < COUNT; i++)
                    if (munmap(all + i * chunk, chunk) != 0)
                        return 2;
                return 0;
            }
            """);

        Assert.InRange(run.Statistics.LookedThrough.Value, 256UL << 30, 1024UL << 30);
    }

    /// <summary>Two parts of one mapping that were both written to while they differed do not become one again; one that was not written to does.</summary>
    [Theory]
    [InlineData("parts[LENGTH / 2] = 1", 2)]
    [InlineData("madvise(parts + LENGTH / 2, 4096, 23 /* MADV_POPULATE_WRITE */)", 2)]
    [InlineData("mlock(parts + LENGTH / 2, 4096), munlock(parts + LENGTH / 2, 4096)", 2)]
    [InlineData("(void)0", 1)]
    public void Pages_that_come_into_large_memory_between_two_calls_are_seen(string touch, int mappings)
    {
        var run = FollowedRun.OfC($$"""
            #define LENGTH (16UL << 30)
            static int mappings_of(char *start)
            {
                char line[512];
                int count = 0;
                FILE *maps = fopen("/proc/self/maps", "re");
                while (maps && fgets(line, sizeof line, maps)) {
                    unsigned long from = strtoul(line, 0, 16);
                    count += from >= (unsigned long)start && from < (unsigned long)start + LENGTH;
                }
                if (maps)
                    fclose(maps);
                return count;
            }

            int main(void)
            {
                char *parts = mmap((void *)0x200000000000, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                if (parts == MAP_FAILED || madvise(parts + LENGTH / 2, LENGTH / 2, MADV_DONTDUMP) != 0)
                    return 1;
                parts[0] = 1;
                {{touch}};
                if (madvise(parts + LENGTH / 2, LENGTH / 2, MADV_DODUMP) != 0)
                    return 2;
                return mappings_of(parts) == {{mappings}} ? 0 : 3;
            }
            """);

        Assert.Equal(0, run.Statistics.HiddenBoundaries);
    }

    /// <summary>To read all of a process with its flags takes the longer the more pages it has: for calls that change boundaries only, what is around them is read.</summary>
    [Fact]
    public void What_a_call_has_done_whose_thread_was_killed_in_it_is_taken_from_the_kernel()
    {
        // Each child ends while its threads are in calls: some of these have had their effect, and never return.
        var run = FollowedRun.OfC("""
            static void *map(void *unused)
            {
                while (ANON(4096) != MAP_FAILED)
                    ;
                return unused;
            }

            int main(void)
            {
                for (int i = 0; i < 40; i++)
                {
                    int status;
                    pid_t child = fork();
                    if (child == 0)
                    {
                        pthread_t threads[3];
                        for (int t = 0; t < 3; t++)
                            pthread_create(&threads[t], NULL, map, NULL);
                        usleep(500);
                        _exit(0);
                    }

                    if (waitpid(child, &status, 0) != child || status != 0)
                        return 1;
                }
                return 0;
            }
            """);

        Assert.SkipWhen(run.Trace.Statistics.EnteredCalls == run.Trace.Statistics.CompletedCalls, "No thread was killed in a call.");
    }

    [Fact]
    public void Memory_policies_part_and_join_mappings_without_a_look_at_the_whole_process()
    {
        using var program = new CProgram("""
            enum { PAGE = 4096, PAGES = 300, PREFERRED = 1 };
            static long set(char *at, size_t length, int policy)
            {
                unsigned long nodes = 1;
                return syscall(SYS_mbind, at, length, policy, policy ? &nodes : NULL, policy ? 64 : 0, 0);
            }

            int main(void)
            {
                char *p = ANON(PAGES * PAGE), *to = ANON((PAGES + 1) * PAGE);
                memset(p, 1, PAGES / 2 * PAGE);
                if (set(p, PAGE, PREFERRED) != 0)
                    return 77;
                for (int i = 3; i < PAGES; i += 3)
                    if (set(p + i * PAGE, PAGE, PREFERRED) != 0)
                        return 1;
                if (mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED || errno != EFAULT)
                    return 2;
                if (mremap(p + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
                    return 3;
                if (mremap(to, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE) != p + PAGE)
                    return 4;
                if (set(p, PAGES * PAGE, 0) != 0)
                    return 5;
                return mremap(p, PAGES * PAGE, (PAGES + 1) * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? 6 : 0;
            }
            """);
        Assert.SkipWhen(CProgram.Run(program.Path).Status == 77, "This kernel has no memory policies.");

        var run = FollowedRun.Of(program.Path);

        Assert.Equal(0, run.Trace.Status.ShellStatus);
        Assert.Equal([], run.Divergences);
        Assert.Equal((101, 0), (run.Statistics.UnmodelledCalls, run.Statistics.WholeReads));
    }

    private static FollowedRun AssertAgreement(string name)
    {
        (int status, string output) = CProgram.Run(SmallPrograms.Path, name);
        Assert.SkipWhen(status == SmallPrograms.Skipped, output);
        Assert.True(status == 0, output);

        FollowedRun run = FollowedRun.Of(SmallPrograms.Path, name);

        Assert.Equal(0, run.Trace.Status.ShellStatus);
        Assert.True(run.Divergences.Count == 0, string.Join('\n', run.Divergences));
        Assert.Equal(0, run.Statistics.AbandonedSpaces);
        return run;
    }

    // Of 400 rounds some meet the moment: without what is adopted then, this failed in every run that was tried.
    /// <summary>Whether mprotect gives the charge of memory back depends on whether something was written by then; another thread can write between the entry of the call and the call.</summary>
    [Fact]
    public void A_page_that_another_thread_writes_as_its_mapping_is_protected_joins_what_was_written_before()
    {
        FollowedRun.OfC("""
            enum { ROUNDS = 400, PAGE = 4096 };
            static volatile int go, done, delay;
            static char *volatile page;
            static void *write_late(void *unused)
            {
                for (int round = 1; round <= ROUNDS; round++) {
                    while (go != round) {
                    }
                    for (volatile int i = 0; i < delay; i++) {
                    }
                    *page = 1;
                    done = round;
                }
                return NULL;
            }
            int main(void)
            {
                pthread_t other;
                pthread_create(&other, NULL, write_late, NULL);
                char *all = mmap(NULL, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *x = all + 8 * PAGE;
                for (int round = 1; round <= ROUNDS; round++) {
                    mmap(x + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                    x[2 * PAGE] = 1;
                    mprotect(x + PAGE, PAGE, PROT_READ);
                    mmap(x - PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                    page = x - PAGE;
                    delay = round * 997 % 40000;
                    go = round;
                    mprotect(x, PAGE, PROT_READ);
                    while (done != round) {
                    }
                    mmap(x - PAGE, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                }
                pthread_join(other, NULL);
                return 0;
            }
            """);
    }
}
