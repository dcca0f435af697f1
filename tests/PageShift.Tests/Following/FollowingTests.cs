using PageShift.Calls.Execution;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>Engine and kernel in step over live programs, and what happens when programs end badly.</summary>
public sealed class FollowingTests
{
    private const string EveryCall = """
        #define CHECK(x) do { if (!(x)) return __LINE__ % 250 + 1; } while (0)
        int main(int argc, char **argv)
        {
            size_t page = 4096, n = 64 * page;
            char *a = ANON(n);
            memset(a, 1, n);
            CHECK(mprotect(a + 8 * page, 8 * page, PROT_READ) == 0);
            CHECK(munmap(a + 20 * page, 4 * page) == 0);
            CHECK(madvise(a, 4 * page, MADV_DONTNEED) == 0);
            CHECK(madvise(a + 30 * page, 4 * page, MADV_DONTFORK) == 0);
            CHECK(mlock(a + 40 * page, 2 * page) == 0 || errno == EPERM || errno == ENOMEM);
            CHECK(mmap(a + 50 * page, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == a + 50 * page);
            CHECK(mprotect(a + 8 * page, 8 * page, PROT_READ | PROT_WRITE) == 0);
            CHECK(mprotect(a + 1, page, PROT_READ) == -1 && errno == EINVAL);
            CHECK(munmap(a + 1, page) == -1 && errno == EINVAL);

            char *s = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            s[0] = s[n - 1] = 1;
            char *second = mremap(s, 0, n, MREMAP_MAYMOVE);
            CHECK(second != MAP_FAILED && second[n - 1] == 1);
            CHECK(msync(s, n, MS_ASYNC) == 0);

            int fd = open(argv[0], O_RDONLY);
            char *f = mmap(0, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
            char *g = mmap(0, 2 * page, PROT_READ, MAP_SHARED, fd, page);
            CHECK(f != MAP_FAILED && g != MAP_FAILED);
            f[1] = 2;
            f = mremap(f, 4 * page, 8 * page, MREMAP_MAYMOVE);
            CHECK(f != MAP_FAILED && f[1] == 2);
            close(fd);

            char *kept = mremap(a, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
            CHECK(kept != MAP_FAILED);
            CHECK(mremap(a + 24 * page, 6 * page, 2 * page, 0) == a + 24 * page);
            CHECK(sbrk(100 * page) != (void *)-1 && sbrk(-50 * page) != (void *)-1);
            unsigned char in[64];
            CHECK(mincore(a, page, in) == 0);

            pid_t child = fork();
            if (child == 0) {
                a[5 * page] = 9;
                char *mine = ANON(n);
                memset(mine, 3, n);
                _exit(mremap(mine, n, 2 * n, MREMAP_MAYMOVE) == MAP_FAILED);
            }
            int status;
            waitpid(child, &status, 0);
            CHECK(status == 0);
            return 0;
        }
        """;

    [Fact]
    public void A_program_that_makes_every_call_stays_in_step_and_its_log_replays()
    {
        FollowedRun run = FollowedRun.OfC(EveryCall);

        Assert.True(run.Moves.Count >= 2);
        Assert.Equal(2, run.Statistics.AddressSpaces);
        Assert.True(run.Statistics.MirroredCalls > 30);
    }

    [Fact]
    public void Threads_that_map_and_move_at_once_stay_in_step()
    {
        FollowedRun run = FollowedRun.OfC("""
            static void *work(void *number)
            {
                size_t page = 4096;
                for (int i = 0; i < 60; i++) {
                    size_t n = (1 + (i + (size_t)number) % 7) * 16 * page;
                    char *a = ANON(n);
                    for (size_t at = 0; at < n; at += 3 * page)
                        a[at] = 1;
                    mprotect(a + page, page, PROT_READ);
                    a = mremap(a, page, 3 * page, MREMAP_MAYMOVE);
                    if (a == MAP_FAILED)
                        exit(1);
                    munmap(a, 3 * page);
                }
                return NULL;
            }
            int main(void)
            {
                pthread_t threads[4];
                for (size_t i = 0; i < 4; i++)
                    pthread_create(&threads[i], NULL, work, (void *)i);
                for (size_t i = 0; i < 4; i++)
                    pthread_join(threads[i], NULL);
                return 0;
            }
            """);

        Assert.Equal(240, run.Moves.Count);
        Assert.All(run.Moves, move => Assert.Equal(1UL, move.PresentPages));
    }

    [Fact]
    public void What_changes_behind_the_tracers_back_is_a_divergence()
    {
        // personality(READ_IMPLIES_EXEC) is no memory call, and makes every readable mapping executable.
        using var program = new CProgram("""
            #include <sys/personality.h>
            int main(void)
            {
                personality(READ_IMPLIES_EXEC);
                return ANON(4096) == MAP_FAILED;
            }
            """);

        FollowedRun run = FollowedRun.Of(program.Path);

        Divergence divergence = run.Divergences[0];
        Assert.Equal("the mappings", divergence.Subject);
        Assert.StartsWith("mmap(NULL, 4096, PROT_READ|PROT_WRITE", divergence.Call, StringComparison.Ordinal);
        Assert.Contains(" rw-p", divergence.Engine, StringComparison.Ordinal);
        Assert.Contains(" rwxp", divergence.Kernel, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*(volatile int *)0 = 1; return 0;", 139)]
    [InlineData("raise(SIGKILL); return 0;", 137)]
    [InlineData("abort();", 134)]
    [InlineData("return 7;", 7)]
    public void A_program_that_ends_badly_is_followed_to_its_end(string ending, int status)
    {
        using var program = new CProgram($$"""
            int main(void)
            {
                char *a = ANON(1 << 20);
                memset(a, 1, 1 << 20);
                if (mremap(a, 1 << 20, 4 << 20, MREMAP_MAYMOVE) == MAP_FAILED)
                    return 1;
                {{ending}}
            }
            """);

        FollowedRun run = FollowedRun.Of(program.Path);

        Assert.Equal(status, run.Trace.Status.ShellStatus);
        run.AssertAgreement();
    }

    [Fact]
    public void Programs_that_execute_others_are_followed_into_them()
    {
        FollowedRun run = FollowedRun.Of("sh", "-c", "exec sh -c 'exec env true'");

        Assert.Equal((0, 4L), (run.Trace.Status.ShellStatus, run.Trace.Statistics.Programs));
        Assert.Equal(4, run.Statistics.AddressSpaces);
        run.AssertAgreement();
    }

    [Fact]
    public void Two_hundred_children_one_after_the_other_are_followed()
    {
        FollowedRun run = FollowedRun.OfC("""
            int main(void)
            {
                char *a = ANON(16 << 12);
                memset(a, 1, 16 << 12);
                for (int i = 0; i < 200; i++) {
                    pid_t child = fork();
                    if (child == 0) {
                        char *moved = mremap(a, 16 << 12, 16 << 12, MREMAP_MAYMOVE | MREMAP_FIXED, a - (1 << 24));
                        _exit(moved == MAP_FAILED);
                    }
                    int status;
                    waitpid(child, &status, 0);
                    if (status != 0)
                        return 1;
                }
                return 0;
            }
            """);

        Assert.Equal((201, 200), ((int)run.Statistics.AddressSpaces, run.Moves.Count));
        Assert.All(run.Moves, move => Assert.Equal(16UL, move.PresentPages));
    }

    [Fact]
    public void A_child_that_runs_in_its_parents_space_is_followed()
    {
        FollowedRun run = FollowedRun.OfC("""
            int main(void)
            {
                char *a = ANON(1 << 20);
                pid_t child = vfork();
                if (child == 0) {
                    mprotect(a, 4096, PROT_READ);
                    _exit(0);
                }
                return munmap(a, 1 << 20);
            }
            """);

        Assert.Equal(1, run.Statistics.AddressSpaces);
    }
}
