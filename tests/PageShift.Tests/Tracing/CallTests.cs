using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed partial class CallTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_memory_call_that_strace_sees_is_seen_in_the_same_order(bool mayFilter)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed.");
        using var program = new CProgram("""
            int main(void)
            {
                int status;
                char *a = ANON(1 << 20);
                memset(a, 1, 1 << 20);
                mprotect(a + 4096, 8192, PROT_NONE);
                a = mremap(a, 1 << 20, 1 << 21, MREMAP_MAYMOVE);
                mremap((void *)1, 2, 3, 0);
                madvise(a, 4096, MADV_DONTNEED);
                madvise(a, 4096, 12345);
                mlock(a, 4096); munlock(a, 4096); mlock2(a, 4096, MLOCK_ONFAULT); mlockall(MCL_CURRENT | MCL_ONFAULT); munlockall();
                msync(a, 4096, MS_ASYNC);
                unsigned char v[4];
                mincore(a, 4 * 4096, v);
                sbrk(1 << 20); sbrk(-(1 << 20));
                for (int i = 0; i < 5; i++)
                {
                    pid_t child = fork();
                    if (child == 0) { for (int k = 0; k <= i; k++) munmap(ANON(4096 * (k + 1)), 4096); execl("/bin/true", "true", (char *)0); }
                    waitpid(child, &status, 0);
                }
                munmap(a, 1 << 21);
                return 0;
            }
            """);
        string log = program.PathOf("log");
        Assert.Equal(0, CProgram.Run("/usr/bin/strace", "-f", "--seccomp-bpf", "-e", "trace=%memory", "-e", "signal=none", "-o", log, program.Path).Status);
        string[] expected = [.. File.ReadLines(log).Select(line => CallLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value + match.Groups["error"].Value)];
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, new TracedCommand(program.Path) { MayFilter = mayFilter });

        Assert.Equal(0, result.Status.ShellStatus);
        Assert.Equal(expected, seen.Exits.Select(NameAndError));
        Assert.True(expected.Length > 100);
    }

    [Fact]
    public void Arguments_and_results_are_those_of_the_call()
    {
        using var program = new CProgram("""
            int main(void)
            {
                mmap((void *)0x10000000, 0x3000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0x5000);
                mremap((void *)0x10000000, 0x3000, 0x3000, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x20000000);
                munmap((void *)0x20000001, 1);
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TracedRun.Of(seen, program.Path);

        CallExit map = Assert.Single(seen.Exits, call => call.Entry.Arguments.First == 0x10000000 && call.Entry.Number == SystemCallNumber.Map);
        Assert.Equal(new CallArguments(0x10000000, 0x3000, 1, 0x32, ulong.MaxValue, 0x5000), map.Entry.Arguments with { Fifth = (ulong)(int)map.Entry.Arguments.Fifth });
        Assert.Equal(new VirtualAddress(0x10000000), map.Result.Address);
        CallExit move = Assert.Single(seen.Exits, call => call.Entry.Number == SystemCallNumber.Remap);
        Assert.Equal(new VirtualAddress(0x20000000), move.Result.Address);
        Assert.Equal(0x20000000UL, move.Entry.Arguments.Fifth);
        Assert.True(move.ElapsedNanoseconds > 0);
        CallExit failed = Assert.Single(seen.Exits, call => call.Entry.Arguments.First == 0x20000001);
        Assert.Equal(Errno.InvalidArgument, failed.Result.Error);
    }

    [Fact]
    public void A_hook_sees_pages_and_mappings_before_and_after_a_move()
    {
        using var program = new CProgram("""
            int main(void)
            {
                char *a = mmap((void *)0x10000000, 16 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                a[0] = a[0x3000] = a[0x4000] = a[0xf000] = 1;
                return mremap(a, 16 << 12, 16 << 12, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x20000000) == MAP_FAILED;
            }
            """);
        var old = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(0x10000));
        var moved = new AddressRange(new VirtualAddress(0x20000000), new ByteLength(0x10000));
        List<PageRun> before = [], after = [], left = [];
        List<KernelMapping> mappings = [];
        var seen = new EventRecorder
        {
            AtEntry = call => ReadPages(call, old, before),
            AtExit = call =>
            {
                ReadPages(call.Entry, moved, after);
                ReadPages(call.Entry, old, left);
                if (call.Entry.Number == SystemCallNumber.Remap)
                    ReadMappings(call.Entry.ProcessId, mappings);
            },
        };

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(0, result.Status.ExitCode);
        Assert.Equal([(0x10000000, 0x1000), (0x10003000, 0x2000), (0x1000f000, 0x1000)], before.Select(Shape));
        Assert.Equal([(0x20000000, 0x1000), (0x20003000, 0x2000), (0x2000f000, 0x1000)], after.Select(Shape));
        Assert.Empty(left);
        Assert.Contains(mappings, mapping => mapping.Range == moved && mapping.Flags!.Value.HasFlag(VmFlags.Account | VmFlags.MayWrite));
        Assert.DoesNotContain(mappings, mapping => mapping.Range.Overlaps(old));
    }

    [Fact]
    public void Calls_of_the_32_bit_and_x32_interfaces_are_counted_and_not_misread()
    {
        using var program = new CProgram("""
            int main(void)
            {
                long r;
                /* 45 is brk here, and recvfrom in the 64-bit interface; 9 is link here, and mmap there. */
                __asm__ volatile("int $0x80" : "=a"(r) : "a"(45), "b"(0) : "memory", "r8", "r9", "r10", "r11");
                __asm__ volatile("int $0x80" : "=a"(r) : "a"(9), "b"(0), "c"(0) : "memory", "r8", "r9", "r10", "r11");
                syscall(0x40000000 | 11, 0, 0);
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TraceResult result = TracedRun.Of(seen, program.Path);

        Assert.Equal(0, result.Status.ExitCode);
        Assert.Equal([(ForeignInterface.I386, 45L), (ForeignInterface.X32, 11L)], seen.ForeignCalls.Select(call => (call.Interface, call.Number)));
        Assert.Equal(2, result.Statistics.ForeignCalls);
        Assert.DoesNotContain(seen.Entries, call => call.Arguments.First == 0 && call.Number == SystemCallNumber.Unmap);
    }

    [Fact]
    public void Naming_a_mapping_is_a_memory_call_and_other_uses_of_prctl_are_not()
    {
        using var program = new CProgram("""
            int main(void)
            {
                prctl(PR_SET_NAME, "renamed");
                prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ANON(4096), 4096, "mine");
                return 0;
            }
            """);
        var seen = new EventRecorder();

        TracedRun.Of(seen, program.Path);

        Assert.Equal(0x53564d41UL, Assert.Single(seen.Exits, call => (long)call.Entry.Number == 157).Entry.Arguments.First);
    }

    [Fact]
    public void Tracing_costs_are_measured_beside_strace()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed.");
        using var program = new CProgram("""
            int main(void)
            {
                char *a = ANON(65536);
                for (int i = 0; i < 20000; i++)
                    if ((a = mremap(a, i & 1 ? 32768 : 65536, i & 1 ? 65536 : 32768, MREMAP_MAYMOVE)) == MAP_FAILED) return 1;
                return 0;
            }
            """);
        var seen = new NothingKept();
        TracedRun.Of(seen, program.Path);
        long start = Stopwatch.GetTimestamp();
        TraceResult result = TracedRun.Of(seen, program.Path);
        TimeSpan ours = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        Assert.Equal(0, CProgram.Run("/usr/bin/strace", "-f", "--seccomp-bpf", "-e", "trace=%memory", "-o", program.PathOf("log"), program.Path).Status);
        TimeSpan theirs = Stopwatch.GetElapsedTime(start);

        Assert.True(result.Statistics.CompletedCalls >= 20001);
        Assert.Equal(result.Statistics.CompletedCalls, File.ReadLines(program.PathOf("log")).Count(line => CallLine().IsMatch(line)));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Statistics.CompletedCalls} calls: here {ours.TotalMilliseconds:f0} ms, strace {theirs.TotalMilliseconds:f0} ms, ratio {ours / theirs:f2}"));
    }

    [Fact]
    public void Tracing_allocates_nothing_per_call()
    {
        using var program = new CProgram("""
            int main(int count, char **arguments)
            {
                for (int i = atoi(arguments[1]); i > 0; i--) munmap((void *)0x10000000, 4096);
                return 0;
            }
            """);
        long few = AllocatedBytes.Least(() => AllocatedBy(program.Path, "10"), attempts: 3);
        long many = AllocatedBytes.Least(() => AllocatedBy(program.Path, "5010"), attempts: 3);

        // The tracing thread is new in each run; what else it allocates does not depend on the number of calls.
        Assert.InRange(many - few, -4096, 4096);
    }

    [GeneratedRegex(@"^\d+ +(?<name>[a-z0-9_]+)\(.*= (-1 (?<error>E[A-Z]+)|[0-9x?])")]
    private static partial Regex CallLine();

    private static string NameAndError(CallExit call)
    {
        string name = (long)call.Entry.Number switch
        {
            9 => "mmap",
            10 => "mprotect",
            11 => "munmap",
            12 => "brk",
            25 => "mremap",
            26 => "msync",
            27 => "mincore",
            28 => "madvise",
            149 => "mlock",
            150 => "munlock",
            151 => "mlockall",
            152 => "munlockall",
            325 => "mlock2",
            long other => other.ToString(CultureInfo.InvariantCulture),
        };
        return call.Result.IsError ? name + ErrnoName.Of(call.Result.Error) : name;
    }

    private static (long Start, long Length) Shape(PageRun run) => ((long)run.Range.Start.Value, (long)run.Range.Length.Value);

    private static void ReadPages(in CallEntry call, AddressRange range, List<PageRun> runs)
    {
        if (call.Number != SystemCallNumber.Remap)
            return;

        using ProcessReader reader = ProcessReader.Open(call.ProcessId);
        Assert.True(reader.ReadPages(range, runs));
    }

    private static void ReadMappings(int process, List<KernelMapping> mappings)
    {
        using ProcessReader reader = ProcessReader.Open(process);
        Assert.True(reader.ReadMappingsWithFlags(new AddressRange(VirtualAddress.Zero, new VirtualAddress(ulong.MaxValue)), mappings));
    }

    private static long AllocatedBy(params string[] command)
    {
        var seen = new AllocationMeter();
        TracedRun.Of(seen, command);
        return seen.Allocated;
    }

    private sealed class NothingKept : ITraceObserver;

    private sealed class AllocationMeter : ITraceObserver
    {
        private long _start;

        public long Allocated { get; private set; }

        public void ProgramStarted(in ProgramStart start) => _start = GC.GetAllocatedBytesForCurrentThread();

        public void ProcessEnding(int processId) => Allocated = GC.GetAllocatedBytesForCurrentThread() - _start;
    }
}
