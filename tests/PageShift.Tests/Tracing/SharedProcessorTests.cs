using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>While it is woken a traced thread may be bound to the tracer's processor; nobody is to see it.</summary>
public sealed class SharedProcessorTests
{
    // Makes so many calls that every way is tried more than once, and looks at its processors between all of them.
    private const string Watch = """
        static cpu_set_t before;
        static void look(int code) {
            cpu_set_t now;
            if (sched_getaffinity(0, sizeof now, &now) != 0 || !CPU_EQUAL(&before, &now))
                _exit(code);
        }
        static void calls(int count, int code) {
            for (int i = 0; i < count; i++) {
                char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                look(code);
                page[0] = 1;
                if (munmap(page, 4096) != 0)
                    _exit(9);
                look(code);
            }
        }
        """;

    [Fact]
    public void A_traced_program_keeps_its_processors()
    {
        KeepsItsProcessors("""
            int main(void) {
                sched_getaffinity(0, sizeof before, &before);
                calls(4000, 1);
                return 0;
            }
            """);
    }

    [Fact]
    public async Task A_collection_does_not_keep_the_tracer_from_giving_the_processors_back()
    {
        using var end = new CancellationTokenSource();
        Task collecting = CollectUntil(end.Token);
        KeepsItsProcessors("""
            int main(void) {
                sched_getaffinity(0, sizeof before, &before);
                calls(4000, 1);
                return 0;
            }
            """);
        await end.CancelAsync();
        await collecting;
    }

    /// <summary>Collects garbage about every millisecond: for it every thread has to stop that is about to return to managed code.</summary>
    private static async Task CollectUntil(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            GC.Collect(0);
            await Task.Delay(1, CancellationToken.None);
        }
    }

    [Fact]
    public void A_program_that_binds_itself_stays_bound_to_what_it_chose()
    {
        KeepsItsProcessors("""
            int main(void) {
                cpu_set_t all;
                sched_getaffinity(0, sizeof all, &all);
                for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
                    if (!CPU_ISSET(cpu, &all))
                        continue;
                    CPU_ZERO(&before);
                    CPU_SET(cpu, &before);
                    if (sched_setaffinity(0, sizeof before, &before) != 0)
                        return 8;
                    calls(300, 1);
                }
                before = all;
                if (sched_setaffinity(0, sizeof before, &before) != 0)
                    return 8;
                calls(300, 2);
                return 0;
            }
            """);
    }

    [Fact]
    public void A_program_that_makes_itself_a_real_time_one_keeps_its_processors()
    {
        KeepsItsProcessors("""
            int main(void) {
                struct sched_param lowest = { .sched_priority = 1 }, higher = { .sched_priority = 5 };
                sched_getaffinity(0, sizeof before, &before);
                calls(300, 1);
                if (sched_setscheduler(0, SCHED_FIFO, &lowest) != 0)
                    return NOT_PERMITTED;
                calls(300, 2);
                if (sched_setscheduler(0, SCHED_FIFO, &higher) != 0)
                    return 8;
                calls(300, 3);
                return 0;
            }
            """);
    }

    [Fact]
    public void Children_and_threads_begin_with_the_processors_of_their_maker()
    {
        KeepsItsProcessors("""
            static void *run(void *unused) { look(3); return unused; }
            int main(void) {
                sched_getaffinity(0, sizeof before, &before);
                for (int i = 0; i < 50; i++) {
                    calls(40, 1);
                    pid_t child = fork();
                    if (child == 0) {
                        look(2);
                        calls(20, 2);
                        _exit(0);
                    }
                    int status;
                    pthread_t thread;
                    if (waitpid(child, &status, 0) != child || status != 0)
                        return 4;
                    if (pthread_create(&thread, NULL, run, NULL) != 0 || pthread_join(thread, NULL) != 0)
                        return 5;
                }
                return 0;
            }
            """);
    }

    /// <summary>Traces a program that watches its own processors, and says by its exit code what it saw.</summary>
    private static void KeepsItsProcessors(string main)
    {
        const int NotPermitted = 77;
        using var program = new CProgram($"#define NOT_PERMITTED {NotPermitted}\n{Watch}{main}");

        int status = TracedRun.Of(new EventRecorder(), program.Path).Status.ShellStatus;

        Assert.SkipWhen(status == NotPermitted, "The program may not make itself a real-time one.");
        Assert.Equal(0, status);
    }
}
