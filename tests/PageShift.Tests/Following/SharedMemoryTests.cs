using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>System V shared memory of live programs. Each removes its segment as soon as it is attached, so that nothing of it is left however the test ends.</summary>
public sealed class SharedMemoryTests
{
    private const string Attaching = """
        #include <sys/shm.h>
        #define CHECK(x) do { if (!(x)) return __LINE__ % 250 + 1; } while (0)
        int main(int argc, char **argv)
        {
            size_t page = 4096, n = 64 * page;
            int id = argc > 1 ? atoi(argv[1]) : shmget(IPC_PRIVATE, n, 0600);
            if (argc > 2)
                return shmctl(id, IPC_RMID, 0) != 0;
            char *a = shmat(id, 0, 0);
            if (argc == 1)
                CHECK(shmctl(id, IPC_RMID, 0) == 0);
            CHECK(a != (char *)-1);
            memset(a, 1, n);
            char *b = shmat(id, 0, SHM_RDONLY);
            CHECK(b[n - 1] == 1);
            CHECK(shmat(id, a, 0) == (void *)-1 && errno == EINVAL);
            CHECK(mprotect(a, page, PROT_READ) == 0 && mprotect(a, page, PROT_READ | PROT_WRITE) == 0);
            CHECK(munmap(a + 4 * page, page) == 0);
            char *c = mremap(b, 0, n, MREMAP_MAYMOVE);
            CHECK(c != MAP_FAILED && c[0] == 1);
            char *place = ANON(4 * n);
            CHECK(shmat(id, place + n, SHM_REMAP) == place + n);
            CHECK(mremap(place + n, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, place + 3 * n) == place + 3 * n);
            struct shmid_ds state;
            CHECK(shmctl(id, IPC_STAT, &state) == 0 && state.shm_segsz == n);
            pid_t child = fork();
            if (child == 0) {
                CHECK(shmdt(a) == 0 && shmdt(place + n) == 0 && shmdt(a) == -1);
                char *mine = shmat(id, 0, 0);
                _exit(mine == (char *)-1 || mine[page] != 1);
            }
            int status;
            waitpid(child, &status, 0);
            CHECK(status == 0);
            CHECK(shmdt(place + 3 * n) == 0 && shmdt(place + n) == 0 && shmdt(a) == 0 && shmdt(b) == 0 && shmdt(c) == 0);
            return 0;
        }
        """;

    [Fact]
    public void Segments_that_a_program_makes_stay_in_step_and_replay()
    {
        FollowedRun run = FollowedRun.OfC(Attaching);

        Assert.True(run.Statistics.MirroredCalls > 20);
    }

    [Fact]
    public void A_segment_that_was_there_before_is_learned_when_it_is_attached()
    {
        using var program = new CProgram(Attaching);
        using var maker = new CProgram("""
            #include <sys/shm.h>
            int main(void) { printf("%d", shmget(IPC_PRIVATE, 64 * 4096, 0600)); return 0; }
            """);
        string identifier = CProgram.Run(maker.Path).Output;
        try
        {
            FollowedRun run = FollowedRun.Of(program.Path, identifier);

            Assert.Equal(0, run.Trace.Status.ShellStatus);
            run.AssertAgreement();
        }
        finally
        {
            Assert.Equal(0, CProgram.Run(program.Path, identifier, "remove").Status);
        }
    }
}
