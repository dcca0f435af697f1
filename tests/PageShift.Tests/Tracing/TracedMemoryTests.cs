using PageShift.Abi;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed class TracedMemoryTests
{
    private const string Layout = """
        int main(void)
        {
            char *a = mmap((void *)0x10000000, 32 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            a[0x1000] = 'x'; a[0x2000] = 'y';                     /* two pages of its own */
            *(volatile char *)(a + 0x4000);                       /* the page of zeroes */
            a[0x6000] = 1; mprotect(a + 0x6000, 4096, PROT_NONE); /* present, without access */
            madvise(a + 0x8000, 0x3000, 102 /* MADV_GUARD_INSTALL */);
            int file = memfd_create("shared", 0);
            ftruncate(file, 8192);
            char *s = mmap((void *)0x11000000, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 4096);
            s[0] = 1;
            char *h = mmap((void *)0x12000000, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            madvise(h, 4 << 20, MADV_HUGEPAGE);
            h[0] = 1;
            msync((void *)0x10000000, 0, MS_ASYNC);               /* here the tracer looks */
            return 0;
        }
        """;

    [Fact]
    public void The_runs_of_pages_are_exact_in_both_ways_of_reading_them()
    {
        var range = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(0x20000));
        List<PageRun> scanned = [], read = [];
        bool hasScan = false;
        Look(memory =>
        {
            Assert.Equal(Errno.None, memory.ReadPages(range, scanned));
            hasScan = memory.MayScan;
            memory.MayScan = false;
            Assert.Equal(Errno.None, memory.ReadPages(range, read));
        });

        (ulong, ulong, PageState)[] expected =
        [
            (0x10001000, 0x2000, PageState.Present),
            (0x10004000, 0x1000, PageState.Present),
            (0x10006000, 0x1000, PageState.Present),
            .. HasGuards ? new[] { (0x10008000UL, 0x3000UL, PageState.Guard) } : [],
        ];
        Assert.Equal(expected, read.Select(Shape));
        if (hasScan)
            expected[1].Item3 |= PageState.ZeroPage;

        Assert.Equal(expected, scanned.Select(Shape));
    }

    [Fact]
    public void A_page_of_a_file_is_told_from_an_anonymous_one()
    {
        List<PageRun> runs = [];
        Look(memory => Assert.Equal(Errno.None, memory.ReadPages(new AddressRange(new VirtualAddress(0x11000000), new ByteLength(0x2000)), runs)));

        Assert.Equal([(0x11000000, 0x1000, PageState.Present | PageState.FileOrShared)], runs.Select(Shape));
    }

    [Fact]
    public void A_large_entry_is_reported_as_one_run()
    {
        Assert.SkipWhen(File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[never]", StringComparison.Ordinal), "No transparent huge pages.");
        List<PageRun> runs = [];
        bool hasScan = false;
        Look(memory =>
        {
            Assert.Equal(Errno.None, memory.ReadPages(new AddressRange(new VirtualAddress(0x12000000), new ByteLength(4 << 20)), runs));
            hasScan = memory.MayScan;
        });

        Assert.SkipUnless(hasScan, "Large entries are not reported before Linux 6.7.");
        Assert.Equal([(0x12000000, 0x200000, PageState.Present | PageState.Large)], runs.Select(Shape));
    }

    [Fact]
    public void Mappings_are_read_with_their_files_and_flags()
    {
        List<TracedMapping> plain = [], flagged = [];
        string ownText = "";
        Look(memory =>
        {
            Assert.Equal(Errno.None, memory.ReadMappings(plain));
            Assert.Equal(Errno.None, memory.ReadMappings(flagged, withFlags: true));
            ownText = File.ReadAllText($"/proc/{memory.ProcessId}/maps");
        });

        Assert.Equal(ownText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, plain.Count);
        Assert.Equal(plain, flagged.Select(mapping => mapping with { Flags = VmFlags.None }));
        TracedMapping shared = Assert.Single(plain, mapping => mapping.Range.Start.Value == 0x11000000);
        Assert.Equal((true, 4096UL, Protection.Read | Protection.Write), (shared.IsShared, shared.OffsetBytes, shared.Protection));
        Assert.Equal("/memfd:shared (deleted)", shared.Name);
        Assert.NotEqual(0UL, shared.Inode);
        TracedMapping huge = Assert.Single(flagged, mapping => mapping.Range.Start.Value == 0x12000000);
        Assert.Equal(VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.Account | VmFlags.HugePage, huge.Flags);
        Assert.Contains(plain, mapping => mapping.Name == "[stack]" && !mapping.IsShared);
        Assert.Contains(flagged, mapping => mapping.Name == "[stack]" && mapping.Flags.HasFlag(VmFlags.GrowsDown));
        Assert.Contains(flagged, mapping => mapping.Name == "[vdso]" && mapping.Flags.HasFlag(VmFlags.DontExpand | VmFlags.Execute));
    }

    [Fact]
    public void Bytes_are_read_up_to_the_first_page_that_can_t_be()
    {
        byte[] buffer = new byte[0x6000];
        int count = 0;
        Errno hole = Errno.None;
        Look(memory =>
        {
            Assert.Equal(Errno.None, memory.Read(new VirtualAddress(0x10001000), buffer, out count));
            hole = memory.Read(new VirtualAddress(0x10006000), buffer.AsSpan(0, 1), out _);
        });

        Assert.Equal(0x5000, count);
        Assert.Equal(((byte)'x', (byte)'y'), (buffer[0], buffer[0x1000]));
        Assert.Equal(Errno.BadAddress, hole);
    }

    [Fact]
    public void A_process_that_does_not_exist_is_an_error_value()
    {
        Assert.Equal(Errno.NoSuchEntry, TracedMemory.Open(int.MaxValue, out TracedMemory? memory));
        Assert.Null(memory);
    }

    [Fact]
    public void A_range_off_page_boundaries_is_misuse()
    {
        Assert.Equal(Errno.None, TracedMemory.Open(Environment.ProcessId, out TracedMemory? memory));
        using (memory)
            Assert.Throws<ArgumentException>(() => memory!.ReadPages(new AddressRange(new VirtualAddress(1), new VirtualAddress(4096)), []));
    }

    [Fact]
    public void More_runs_than_one_scan_holds_are_all_found()
    {
        using var program = new CProgram("""
            int main(void)
            {
                char *a = mmap((void *)0x10000000, 4000 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                for (int i = 0; i < 4000; i += 2) a[i << 12] = 1;
                msync((void *)0x10000000, 0, MS_ASYNC);
                return 0;
            }
            """);
        List<PageRun> scanned = [], read = [];
        Look(program, memory =>
        {
            var range = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(4000UL << 12));
            Assert.Equal(Errno.None, memory.ReadPages(range, scanned));
            memory.MayScan = false;
            Assert.Equal(Errno.None, memory.ReadPages(range, read));
        });

        Assert.Equal(2000, scanned.Count);
        Assert.Equal(read, scanned);
    }

    // Guard markers came with Linux 6.13, and are shown in pagemap a little later.
    private static bool HasGuards => Environment.OSVersion.Version >= new Version(6, 16);

    private static void Look(Action<TracedMemory> look)
    {
        using var program = new CProgram(Layout);
        Look(program, look);
    }

    private static void Look(CProgram program, Action<TracedMemory> look)
    {
        int looks = 0;
        var seen = new EventRecorder
        {
            AtEntry = call =>
            {
                if (call.Number != SystemCallNumber.Sync)
                    return;

                looks++;
                Assert.Equal(Errno.None, TracedMemory.Open(call.ProcessId, out TracedMemory? memory));
                using (memory)
                    look(memory!);
            },
        };
        TraceResult result = TracedRun.Of(seen, program.Path);
        Assert.Equal((0, 1), (result.Status.ShellStatus, looks));
    }

    private static (ulong Start, ulong Length, PageState State) Shape(PageRun run) => (run.Range.Start.Value, run.Range.Length.Value, run.State);
}
