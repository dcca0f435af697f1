using PageShift.PageTables;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>Moves that leave their destination to the kernel get a congruent one when that is asked for, and nothing else changes.</summary>
public sealed class PlacementTests
{
    private const string Prelude = """
        #include <sys/resource.h>
        #include <linux/filter.h>
        #include <linux/seccomp.h>
        #include <stddef.h>
        #define MB (1ul << 20)
        #define CHECK(x) do { if (!(x)) { printf("line %d: %s, errno %d\n", __LINE__, #x, errno); return 1; } } while (0)
        __attribute__((unused)) static char *blocked(size_t n) /* n bytes with a page behind them that stops their growth */
        {
            char *a = ANON(n + 4096);
            mprotect(a + n, 4096, PROT_READ);
            return a;
        }

        """;

    [Fact]
    public void Realloc_gets_congruent_places_and_its_bytes()
    {
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            int main(void)
            {
                size_t n = 3 * MB;
                char *a = malloc(n), *wall[8];
                memset(a, 7, n);
                for (int i = 0; i < 8; i++) {
                    wall[i] = malloc(2 * MB);
                    wall[i][0] = 1;
                    CHECK((a = realloc(a, n * 2)) != NULL);
                    for (size_t at = 0; at < n; at += 4096)
                        CHECK(a[at] == 7);
                    memset(a + n, 7, n);
                    n *= 2;
                    if (i == 4) n = 3 * MB, a = realloc(a, n);
                }
                return 0;
            }
            """);

        Assert.NotEmpty(run.Moves);
        Assert.Equal(run.Moves.Count, run.Statistics.PlacedCalls);
        Assert.All(run.Moves, m => Assert.True(m.IsPlaced, m.Call));
        Assert.Empty(run.Statistics.UnplacedCalls);
        Assert.All(run.Moves, m => Assert.True(m.Congruence >= PageTableLevel.Pmd, m.Call));
    }

    [Fact]
    public void What_grows_in_place_stays_and_what_names_its_place_gets_it()
    {
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            int main(void)
            {
                char *a = ANON(8 * MB), *to = ANON(8 * MB);
                memset(a, 1, 4 * MB);
                munmap(a + 4 * MB, 4 * MB);
                CHECK(mremap(a, 4 * MB, 6 * MB, MREMAP_MAYMOVE) == a);
                CHECK(mremap(a, 6 * MB, 2 * MB, MREMAP_MAYMOVE) == a);
                CHECK(mremap(a, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_FIXED, to + 4096) == to + 4096);
                CHECK(mremap(to, 4096, 8 * MB, 0) == MAP_FAILED && errno == ENOMEM);
                return 0;
            }
            """);

        Assert.Equal((0, 0), (run.Statistics.PlacedCalls, run.Statistics.UnplacedCalls.Count));
        Assert.Equal(PageTableLevel.Pte, Assert.Single(run.Moves).Congruence);
    }

    [Fact]
    public void The_registers_of_a_placed_call_stay()
    {
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            int main(void)
            {
                char *a = blocked(4 * MB);
                memset(a, 1, 4 * MB);
                long result;
                register long r10 __asm__("r10") = MREMAP_MAYMOVE;
                register long r8 __asm__("r8") = 0x1234;
                long rdi = (long)a, rsi = 4 * MB, rdx = 8 * MB;
                __asm__ volatile("syscall" : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8) : "0"(SYS_mremap) : "rcx", "r11", "memory");
                CHECK(result > 0 && rdi == (long)a && rsi == 4 * MB && rdx == 8 * MB && r10 == MREMAP_MAYMOVE && r8 == 0x1234);
                return 0;
            }
            """);

        Assert.Equal(1, run.Statistics.PlacedCalls);
    }

    [Fact]
    public void What_the_kernel_refuses_is_made_as_the_program_wanted_it()
    {
        // Beyond the limit of its address space each of the two ways fails alike; at the limit of mappings only the fixed one does.
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            int main(void)
            {
                char *a = blocked(4 * MB);
                memset(a, 1, 4 * MB);
                struct rlimit space;
                getrlimit(RLIMIT_AS, &space);
                struct rlimit small = { 16 * MB, space.rlim_max };
                setrlimit(RLIMIT_AS, &small);
                CHECK(mremap(a, 4 * MB, 64 * MB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
                setrlimit(RLIMIT_AS, &space);
                for (size_t at = 0; at < 4 * MB; at += 4096)
                    CHECK(a[at] == 1);
                char *b = mremap(a, 4 * MB, 8 * MB, MREMAP_MAYMOVE);
                CHECK(b != MAP_FAILED && b[4 * MB - 1] == 1);
                return 0;
            }
            """);

        Assert.Equal(1, run.Statistics.UnplacedCalls[PlacementObstacle.Refused]);
        Assert.Equal(1, run.Statistics.PlacedCalls);
        Assert.Equal(1, run.Statistics.UnexplainedResults);
    }

    [Fact]
    public void Locked_memory_stacks_and_programs_with_filters_are_left_alone()
    {
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            int main(void)
            {
                char *a = blocked(2 * MB), *b = blocked(2 * MB), *c = blocked(2 * MB), *d = blocked(2 * MB);
                memset(a, 1, 2 * MB), memset(b, 1, 2 * MB), memset(d, 1, 2 * MB);
                CHECK(mlock2(a, 2 * MB, MLOCK_ONFAULT) == 0);
                CHECK(mremap(a, 2 * MB, 4 * MB, MREMAP_MAYMOVE) != MAP_FAILED);
                CHECK(mremap(c, 2 * MB, 2 * MB, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, d - 64 * MB) != MAP_FAILED);
                /* A filter that forbids MREMAP_FIXED. */
                struct sock_filter code[] = {
                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 3),
                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
                    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MREMAP_FIXED, 0, 1),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                };
                struct sock_fprog filter = { sizeof code / sizeof *code, code };
                CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
                CHECK(mremap(b, 2 * MB, 4 * MB, MREMAP_MAYMOVE) != MAP_FAILED);
                return 0;
            }
            """);

        Assert.Equal(0, run.Statistics.PlacedCalls);
        Assert.Equal(
            [(PlacementObstacle.NamesPlace, 1L), (PlacementObstacle.KindOfMapping, 1L), (PlacementObstacle.OwnFilter, 1L)],
            run.Statistics.UnplacedCalls.Select(u => (u.Key, u.Value)));
    }

    [Fact]
    public void Threads_that_move_and_map_at_once_lose_nothing()
    {
        FollowedRun run = FollowedRun.PlacedC(Prelude + """
            enum { THREADS = 4, ROUNDS = 60 };
            static void *work(void *mark)
            {
                char value = (char)(size_t)mark;
                for (int round = 0; round < ROUNDS; round++) {
                    char *other = ANON(3 * MB);
                    memset(other, value + 50, 64 << 10);
                    char *a = blocked(2 * MB);
                    memset(a, value, 2 * MB);
                    char *b = mremap(a, 2 * MB, 3 * MB, MREMAP_MAYMOVE);
                    if (b == MAP_FAILED)
                        return "mremap";
                    for (size_t at = 0; at < 2 * MB; at += 4096) {
                        if (b[at] != value)
                            return "moved";
                    }
                    for (size_t at = 0; at < 64 << 10; at += 4096) {
                        if (other[at] != value + 50)
                            return "other";
                    }
                    munmap(b, 3 * MB), munmap(other, 3 * MB), munmap(a + 2 * MB, 4096);
                }
                return NULL;
            }
            int main(void)
            {
                pthread_t threads[THREADS];
                void *wrong = NULL;
                for (size_t i = 0; i < THREADS; i++)
                    pthread_create(&threads[i], NULL, work, (void *)(i + 1));
                for (int i = 0; i < THREADS && wrong == NULL; i++)
                    pthread_join(threads[i], &wrong);
                CHECK(wrong == NULL);
                return 0;
            }
            """);

        long unplaced = run.Statistics.UnplacedCalls.GetValueOrDefault(PlacementObstacle.NotAtStandstill);
        Assert.Equal(4 * 60, run.Statistics.PlacedCalls + unplaced);
        Assert.True(run.Statistics.PlacedCalls > unplaced, $"{unplaced} of 240 not placed");
    }
}
