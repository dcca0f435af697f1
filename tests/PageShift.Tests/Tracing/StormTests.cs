using System.Globalization;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>Everything at once, so that events of different threads meet in every order.</summary>
public sealed class StormTests
{
    private const string Storm = """
        static char *self;
        static unsigned seed, depth;
        static unsigned pick(unsigned n) { return (seed = seed * 1103515245 + 12345) >> 16 & 0x7fff ? (seed >> 16) % n : 0; }
        static void *map(void *p) { for (int i = 0; i < 20; i++) munmap(ANON(8192), 8192); return p; }
        static void *replace(void *p)
        {
            char s[16], d[16];
            sprintf(s, "%u", seed); sprintf(d, "%u", depth + 1);
            execl(self, "storm", s, d, (char *)0);
            return p;
        }
        static void run(void)
        {
            pid_t children[8];
            int count = 0;
            pthread_t t;
            for (int i = 0; i < 12 && depth < 4; i++)
            {
                pid_t child;
                switch (pick(8))
                {
                    case 0: case 1:
                        if (count == 8) break;
                        child = fork();
                        if (child == 0) { depth++; seed += getpid(); run(); _exit(0); }
                        if (child > 0) children[count++] = child;
                        break;
                    case 2:
                        child = vfork();
                        if (child == 0) { execl("/bin/true", "true", (char *)0); _exit(1); }
                        break;
                    case 3: case 4: if (pthread_create(&t, 0, map, 0) == 0) pthread_detach(t); break;
                    case 5: if (count > 0) kill(children[pick(count)], SIGKILL); break;
                    case 6: map(0); break;
                    case 7: if (depth > 0 && pick(3) == 0 && pthread_create(&t, 0, replace, 0) == 0) pthread_join(t, 0); break;
                }
            }
            while (waitpid(-1, 0, 0) > 0) { }
        }
        int main(int argc, char **argv)
        {
            self = "/proc/self/exe";
            seed = atoi(argv[1]); depth = atoi(argv[2]);
            run();
            return 21;
        }
        """;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void A_storm_of_forks_threads_programs_and_kills_is_followed_to_its_end(bool mayFilter, bool withStandstill)
    {
        using var program = new CProgram(Storm);
        for (int seed = 1; seed <= 4; seed++)
        {
            var seen = new EventRecorder { WithStandstill = _ => withStandstill };

            TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path, seed.ToString(CultureInfo.InvariantCulture), "0") { MayFilter = mayFilter });

            Assert.Equal(21, result.Status.ShellStatus);
            Assert.Equal(seen.Processes.Select(process => process.ProcessId).Order(), seen.Ends.Select(end => end.ProcessId).Order());
            seen.AssertCallsCameOneAfterTheOther();
        }
    }
}
