using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed class ThreadTests
{
    // No call takes so long on the busiest machine: what is in order then is the tracer's doing, and not the machine's.
    private static readonly TimeSpan Patience = HangGuard.Limit / 2;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Calls_of_threads_are_complete_and_come_one_after_the_other(bool mayFilter)
    {
        using var program = new CProgram("""
            static void *run(void *p) { for (int i = 0; i < 200; i++) munmap(ANON(8192), 8192); return 0; }
            int main(void)
            {
                pthread_t t[8];
                for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, run, 0);
                for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path) { MayFilter = mayFilter, LongestExclusiveCall = Patience });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(8, seen.Threads.Count);
        Assert.Equal(8, result.Statistics.Threads);
        foreach (ThreadCreation thread in seen.Threads)
            Assert.True(seen.Exits.Count(call => call.Entry.ThreadId == thread.ThreadId && call.Entry.Arguments.Second == 8192) >= 400);

        Assert.Equal(seen.Entries.Count, seen.Exits.Count);
        seen.AssertCallsCameOneAfterTheOther();
        Assert.Equal(0, result.Statistics.OverlappedCalls);
    }

    [Fact]
    public void At_a_standstill_what_is_read_at_the_entry_is_what_the_call_finds()
    {
        // The threads populate the area all the time; each move takes away all pages and leaves the mapping.
        using var program = new CProgram("""
            static volatile char *area;
            static volatile int done;
            static void *touch(void *p) { unsigned x = 1; while (!done) area[((x = x * 1103515245 + 12345) >> 16 & 1023) << 12] = 1; return p; }
            int main(void)
            {
                pthread_t t[2];
                area = mmap((void *)0x10000000, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                for (int i = 0; i < 2; i++) pthread_create(&t[i], 0, touch, 0);
                for (int i = 0; i < 100; i++)
                {
                    usleep(200);
                    if (mremap((void *)area, 4 << 20, 4 << 20, MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* DONTUNMAP */, (void *)0x20000000) == MAP_FAILED) return 1;
                    munmap((void *)0x20000000, 4 << 20);
                }
                done = 1;
                for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
                return 0;
            }
            """);
        var old = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(4 << 20));
        var moved = new AddressRange(new VirtualAddress(0x20000000), new ByteLength(4 << 20));
        ulong before = 0, total = 0;
        int moves = 0, wrong = 0;
        var seen = new EventRecorder
        {
            WithStandstill = call => call.Number == SystemCallNumber.Remap,
            AtEntry = call => before = call.Number == SystemCallNumber.Remap ? PresentPages(call.ProcessId, old) : 0,
            AtExit = call =>
            {
                if (call.Entry.Number != SystemCallNumber.Remap || !call.Entry.IsAtStandstill)
                    return;

                moves++;
                total += before;
                wrong += PresentPages(call.Entry.ProcessId, moved) == before && PresentPages(call.Entry.ProcessId, old) == 0 ? 0 : 1;
            },
        };

        TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path) { LongestExclusiveCall = Patience });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(100, moves);
        Assert.True(total > 0);
        Assert.Equal(0, wrong);
    }

    /// <summary>A thread that is born stops for the tracer within a call, and is not one that sleeps there.</summary>
    [Fact]
    public void A_thread_that_is_born_waits_for_a_standstill()
    {
        using var program = new CProgram("""
            static void *end(void *p) { return p; }
            int main(void)
            {
                char *area = ANON(8192);
                for (int i = 0; i < 300; i++)
                {
                    pthread_t t;
                    if (pthread_create(&t, 0, end, 0) != 0) return 2;
                    area = mremap(area, i % 2 ? 4096 : 8192, i % 2 ? 8192 : 4096, MREMAP_MAYMOVE);
                    if (area == MAP_FAILED) return 1;
                    pthread_join(t, 0);
                }
                return 0;
            }
            """);
        int standstills = 0;
        var seen = new EventRecorder
        {
            WithStandstill = call => call.Number == SystemCallNumber.Remap,
            AtExit = call => standstills += call.Entry is { Number: SystemCallNumber.Remap, IsAtStandstill: true } ? 1 : 0,
        };

        TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path) { LongestExclusiveCall = Patience });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(300, standstills);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_call_that_waits_for_another_thread_s_call_does_not_hang_the_program(bool withStandstill)
    {
        // Populating a region under userfaultfd blocks until another thread, which makes memory calls itself, serves it.
        using var program = new CProgram("""
            #include <linux/userfaultfd.h>
            static int uffd;
            static void *serve(void *p)
            {
                struct uffd_msg m;
                if (read(uffd, &m, sizeof m) != sizeof m) return 0;
                munmap(ANON(4096), 4096);
                struct uffdio_zeropage z = { .range = { .start = (uintptr_t)p, .len = 8192 } };
                ioctl(uffd, UFFDIO_ZEROPAGE, &z);
                return 0;
            }
            int main(void)
            {
                pthread_t t;
                char *a = ANON(8192);
                uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
                struct uffdio_api api = { .api = UFFD_API };
                if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api)) return 77;
                struct uffdio_register r = { .range = { .start = (uintptr_t)a, .len = 8192 }, .mode = UFFDIO_REGISTER_MODE_MISSING };
                if (ioctl(uffd, UFFDIO_REGISTER, &r)) return 1;
                pthread_create(&t, 0, serve, a);
                if (madvise(a, 8192, 22 /* MADV_POPULATE_READ */)) return 2;
                pthread_join(t, 0);
                return 0;
            }
            """);
        var seen = new EventRecorder { WithStandstill = _ => withStandstill };

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.SkipWhen(result.Status.ExitCode == 77, "userfaultfd is not permitted here.");
        Assert.Equal(0, result.Status.ShellStatus);
        Assert.True(result.Statistics.OverlappedCalls >= 2, "The populating call and the ones of the thread that serves it overlap.");
        Assert.Contains(seen.Exits, call => call.Entry.Arguments.Third == 22 && call.IsOverlapped && !call.Entry.IsAtStandstill);
    }

    [Fact]
    public void A_fork_and_the_memory_calls_of_other_threads_are_kept_in_order()
    {
        // Each child reports how many pages it got, which the order of events must predict.
        using var program = new CProgram("""
            static char *area;
            static void *run(void *p)
            {
                for (int i = 0; i < 300; i++)
                {
                    mmap(area, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                    munmap(area, 4096);
                }
                return 0;
            }
            int main(void)
            {
                pthread_t t;
                int status;
                unsigned char v;
                area = mmap((void *)0x10000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                munmap(area, 4096);
                pthread_create(&t, 0, run, 0);
                for (int i = 0; i < 50; i++)
                {
                    pid_t child = fork();
                    if (child == 0) _exit(mincore(area, 4096, &v) == 0 ? 1 : 2);
                    waitpid(child, &status, 0);
                }
                pthread_join(t, 0);
                return 0;
            }
            """);
        var mirror = new OnePageMirror(0x10000000);

        TraceResult result = TracedRun.Of(mirror, new TracedCommand(program.Path) { LongestExclusiveCall = Patience });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(50, mirror.Compared);
        Assert.Equal(0, mirror.Wrong);
    }

    private static ulong PresentPages(int process, AddressRange range)
    {
        List<PageRun> runs = [];
        using ProcessReader reader = ProcessReader.Open(process);
        Assert.True(reader.ReadPages(range, runs));
        return runs.Aggregate(0UL, (sum, run) => sum + run.Range.Length.WholePages.Value);
    }

    /// <summary>Follows whether one page is mapped, in the command's process and in what each child gets of it.</summary>
    private sealed class OnePageMirror(ulong page) : ITraceObserver
    {
        private readonly Dictionary<int, bool> _expected = [];
        private int _command;
        private bool _isMapped;

        public int Compared { get; private set; }

        public int Wrong { get; private set; }

        public void ProcessStarted(in ProcessStart start)
        {
            if (_command == 0)
                _command = start.ProcessId;
            else
                _expected[start.ProcessId] = _isMapped;
        }

        public void CallCompleted(in CallExit call)
        {
            if (call.Entry.ProcessId == _command && call.Entry.Arguments.First == page)
                _isMapped = call.Entry.Number == SystemCallNumber.Map;
        }

        public void ProcessEnded(in ProcessEnd end)
        {
            if (!_expected.TryGetValue(end.ProcessId, out bool isMapped))
                return;

            Compared++;
            Wrong += end.Status.ExitCode == (isMapped ? 1 : 2) ? 0 : 1;
        }
    }
}
