using System.Globalization;
using System.Text;
using PageShift.Linux.Processes;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Linux;

/// <summary>Where a program's processor time goes, by samples of the kernel.</summary>
public sealed class ProcessorSamplesTests
{
    [Theory]
    [InlineData("0-3,6", new[] { 0, 1, 2, 3, 6 })]
    [InlineData("0", new[] { 0 })]
    [InlineData("", new int[0])]
    [InlineData("nonsense", new int[0])]
    public void A_list_of_processors_is_read(string list, int[] processors) => Assert.Equal(processors, ProcessorSamples.Online(list));

    [Fact]
    public void An_address_has_the_name_of_the_function_that_begins_at_or_below_it()
    {
        byte[] text = Encoding.ASCII.GetBytes("ffffffff81000100 T second\nffffffff81000000 T first\nffffffff81000080 d data\nffffffffc0000000 t third\t[module]\n");

        KernelSymbols names = Parse(text, 0xffffffff81000000, 0xffffffff810000ff, 0xffffffff81000100, 0xffffffffc0001234, 5)!;

        Assert.Equal(["first", "first", "second", "third", null],
            new[] { 0xffffffff81000000, 0xffffffff810000ff, 0xffffffff81000100, 0xffffffffc0001234, 5ul }.Select(names.NameOf));
    }

    [Fact]
    public void Addresses_that_the_kernel_hides_are_no_names() =>
        Assert.Null(Parse("0000000000000000 T first\n0000000000000000 T second\n"u8.ToArray(), 1));

    [Fact]
    public void Where_no_name_is_wanted_it_is_seen_too_whether_they_are_hidden()
    {
        Assert.NotNull(Parse("ffffffff81000000 T first\n"u8.ToArray()));
        Assert.Null(Parse("0000000000000000 T first\n"u8.ToArray()));
    }

    [Fact]
    public void A_function_without_an_address_behind_others_hides_none() =>
        Assert.Equal("first", Parse("ffffffff81000000 T first\n0000000000000000 t nowhere\nffffffff81000100 T second\n"u8.ToArray(), 0xffffffff81000001, 0xffffffff81000100)!.NameOf(0xffffffff81000001));

    [Fact]
    public void Names_are_found_in_a_text_of_any_length()
    {
        KernelSymbols names = Parse(ManyFunctions(), AddressOf(0) + 8, AddressOf(12_345) + 15, ulong.MaxValue)!;

        Assert.Equal(["function_0", "function_12345", "function_19999"], new[] { AddressOf(0) + 8, AddressOf(12_345) + 15, ulong.MaxValue }.Select(names.NameOf));
    }

    [Theory]
    [InlineData("function_3", "function_5", 1, null)]
    [InlineData("function_3", "function_19000", 1, "function_19000")]
    [InlineData("function_4", "function_5", 1, "function_19000")]
    [InlineData("function_3", "", 1, "function_19000")]
    [InlineData("function_3", "", 98, "function_19000")]
    [InlineData("function_3", "", 99, null)]
    public void The_text_is_read_until_a_name_tells_enough_of_99_of_100_chains(string first, string second, int count, string? far)
    {
        (IEnumerable<ulong>, long)[] chains = [([AddressOf(3), AddressOf(19_000)], count), ([AddressOf(5), AddressOf(19_000)], 1)];

        KernelSymbols names = KernelSymbols.Parse(ManyFunctions(), chains, name => name == first || name == second)!;

        Assert.Equal(["function_3", "function_5", far], new[] { AddressOf(3), AddressOf(5), AddressOf(19_000) }.Select(names.NameOf));
    }

    [Fact]
    public void A_text_in_another_order_is_read_to_its_end()
    {
        byte[] text = [.. "ffffffff90000000 T above\n"u8, .. ManyFunctions()];

        KernelSymbols names = KernelSymbols.Parse(text, [([AddressOf(3), AddressOf(19_000)], 1)], name => name == "function_3")!;

        Assert.Equal("function_19000", names.NameOf(AddressOf(19_000)));
    }

    [Fact]
    public void The_running_kernel_tells_the_names_of_functions_or_that_it_hides_them()
    {
        string[] line = File.ReadLines("/proc/kallsyms").Select(l => l.Split(' ', '\t')).First(l => l[1] is "T" or "t" && l[2] == "do_syscall_64" || l[2].StartsWith("__x64_sys_", StringComparison.Ordinal));
        ulong address = ulong.Parse(line[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        var names = KernelSymbols.TryRead([([address], 1)], _ => false);

        Assert.Equal(address == 0 ? null : line[2], names?.NameOf(address));
    }

    [Theory]
    [InlineData("__x64_sys_munmap", "munmap")]
    [InlineData("exc_page_fault", KernelEntry.PageFault)]
    [InlineData("syscall_trace_enter", KernelEntry.Tracing)]
    [InlineData("do_syscall_64", null)]
    [InlineData("__do_sys_mremap", "mremap")]
    [InlineData("__se_sys_brk", "brk")]
    [InlineData("vm_mmap_pgoff", "mmap")]
    [InlineData("asm_sysvec_apic_timer_interrupt", KernelEntry.Other)]
    public void A_function_tells_how_the_kernel_was_entered(string function, string? kind) => Assert.Equal(kind, KernelEntry.KindOf(function));

    [Fact]
    public void Code_that_was_compiled_is_named_by_the_last_line_for_its_place()
    {
        string path = $"/tmp/perf-{Environment.ProcessId}.map";
        Assert.SkipWhen(File.Exists(path), "This process writes a map itself.");
        try
        {
            var map = new PerfMap(Environment.ProcessId);
            Assert.Null(map.NameOf(0x1000));
            File.WriteAllText(path, "1000 20 void first(int)\n0x2000 10 second\n3000 10 half a li");
            Assert.Equal(["void first(int)", "void first(int)", null, "second", null], new ulong[] { 0x1000, 0x101f, 0x1020, 0x2008, 0x3000 }.Select(map.NameOf));
            File.AppendAllText(path, "ne\n1000 20 again\n");
            Assert.Equal(["half a line", "again"], new ulong[] { 0x3000, 0x1000 }.Select(map.NameOf));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Each_memory_call_that_takes_time_has_samples_of_its_own()
    {
        // Each takes the kernel a while, so that it has samples on a slow machine and on a fast one.
        using var program = new CProgram("""
            int main(void)
            {
                enum { LENGTH = 64 << 20, PART = 4 << 20 };
                char *from = ANON(LENGTH), *to = ANON(LENGTH + 4096) + 4096;
                madvise(from, LENGTH, MADV_NOHUGEPAGE);
                memset(from, 1, LENGTH);
                for (int i = 0; i < 50; i++)
                {
                    mprotect(from, LENGTH, PROT_READ);
                    mprotect(from, LENGTH, PROT_READ | PROT_WRITE);
                    mremap(from, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, to);
                    mremap(to, LENGTH, LENGTH, MREMAP_MAYMOVE | MREMAP_FIXED, from);
                    munmap(mmap(0, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0), PART);
                }
                return 0;
            }
            """);

        ProgramUsage usage = TracedRun.Of(new EventRecorder(), program.Path).Statistics.Usage!;

        Assert.SkipWhen(usage.Sampled is null, usage.WhyNotSampled);
        Assert.All(["mremap", "mprotect", "mmap"], call => Assert.True(usage.Sampled.Of(call) > 0, call));
    }

    [Fact]
    public void A_program_that_runs_for_long_has_fewer_samples_that_count_for_more()
    {
        using var program = new CProgram("""
            #include <time.h>
            int main(void)
            {
                while (clock() < 2 * CLOCKS_PER_SEC)
                    ;
                return 0;
            }
            """);

        ProgramUsage usage = TracedRun.Of(new EventRecorder(), program.Path).Statistics.Usage!;

        Assert.SkipWhen(usage.Sampled is null, usage.WhyNotSampled);
        Assert.SkipWhen(usage.Sampled.Taken < 1000, "This kernel takes few samples.");
        Assert.InRange(usage.Sampled.Taken, 1000, usage.Sampled.Total / 2);
    }

    [Fact]
    public void A_program_that_stops_often_is_divided_by_few_samples_that_count_for_more()
    {
        using var program = new CProgram("""
            int main(void)
            {
                for (int i = 0; i < 20000; i++)
                    munmap(ANON(4096), 4096);
                return 0;
            }
            """);

        TraceStatistics statistics = TracedRun.Of(new EventRecorder(), program.Path).Statistics;

        ProgramUsage usage = statistics.Usage!;
        bool isDivided = usage.Sampled is not null || !usage.WhyNotSampled.Contains("too little", StringComparison.Ordinal);
        Assert.True(isDivided, usage.WhyNotSampled);
        Assert.SkipWhen(usage.Sampled is null, usage.WhyNotSampled);
        Assert.SkipWhen(statistics.Stops < usage.ElapsedNanoseconds / 100_000, "It stops too seldom on this machine.");
        Assert.True(usage.Sampled.Of("mmap") > 0);
        Assert.True(usage.Sampled.Taken < usage.Sampled.OwnCode + usage.Sampled.InKernel.Values.Sum());
    }

    [Fact]
    public void A_thread_that_is_born_while_no_event_is_open_has_samples()
    {
        using var program = new CProgram("""
            #include <time.h>

            static volatile int count, is_done;

            static void *counts(void *unused)
            {
                struct timespec used;
                do
                {
                    for (int i = 0; i < 1000000; i++)
                        count++;
                    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
                } while (used.tv_sec < 3);
                is_done = 1;
                return 0;
            }

            int main(void)
            {
                pthread_t thread;
                for (int i = 0; i < 5000; i++)
                    munmap(ANON(4096), 4096);
                if (pthread_create(&thread, 0, counts, 0) != 0)
                    return 1;
                while (!is_done)
                    munmap(ANON(4096), 4096);
                return pthread_join(thread, 0) != 0;
            }
            """);

        TraceResult result = TracedRun.Of(new EventRecorder(), program.Path);

        Assert.Equal(0, result.Status.ExitCode);
        ProgramUsage usage = result.Statistics.Usage!;
        Assert.SkipWhen(usage.Sampled is null, usage.WhyNotSampled);
        // The first thread's own code is next to nothing.
        Assert.True(usage.Sampled.OwnCode > usage.Sampled.Total / 8, $"{usage.Sampled.OwnCode} of {usage.Sampled.Total}");
    }

    [Fact]
    public void A_program_that_does_next_to_nothing_is_not_divided()
    {
        ProgramUsage usage = TracedRun.Of(new EventRecorder(), "/bin/true").Statistics.Usage!;

        // On a machine on which it takes long all the same, there is enough to divide.
        if (usage.Sampled is { } sampled)
            Assert.True(sampled.OwnCode + sampled.InKernel.Values.Sum() >= 40);
        else
            Assert.NotEmpty(usage.WhyNotSampled);
    }

    [Fact]
    public void Faults_and_samples_of_a_program_that_faults_are_counted()
    {
        using var program = new CProgram("""
            int main(void)
            {
                for (int i = 0; i < 200; i++)
                {
                    char *a = ANON(4 << 20);
                    madvise(a, 4 << 20, MADV_NOHUGEPAGE);
                    memset(a, 1, 4 << 20);
                    munmap(a, 4 << 20);
                }
                return 0;
            }
            """);

        ProgramUsage usage = TracedRun.Of(new EventRecorder(), program.Path).Statistics.Usage!;

        Assert.InRange(usage.MinorFaults, 200 * 1024, 250 * 1024);
        Assert.SkipWhen(usage.Sampled is null, usage.WhyNotSampled);
        Assert.True(usage.Sampled.Of(KernelEntry.PageFault) > usage.Sampled.OwnCode);
        Assert.True(usage.Sampled.Of("munmap") > 0);
        Assert.True(usage.Sampled.Of(KernelEntry.PageFault) < usage.Sampled.Total);
    }

    private static KernelSymbols? Parse(byte[] text, params ulong[] addresses) => KernelSymbols.Parse(text, [.. addresses.Select(a => ((IEnumerable<ulong>)[a], 1L))], _ => false);

    private static ulong AddressOf(ulong function) => 0xffffffff81000000 + (function * 16);

    private static byte[] ManyFunctions()
    {
        var text = new StringBuilder();
        for (ulong i = 0; i < 20_000; i++)
            text.Append(CultureInfo.InvariantCulture, $"{AddressOf(i):x16} T function_{i}\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
