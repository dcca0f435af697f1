using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>The readers of a process, on one that is stopped at a call.</summary>
public sealed class TracedProcessReadingTests
{
    private const PageKinds All = PageKinds.Zero | PageKinds.Guard | PageKinds.Large;

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

    private static AddressRange Everything { get; } = new(VirtualAddress.Zero, new VirtualAddress(ulong.MaxValue));

    [Fact]
    public void The_runs_of_pages_are_exact_in_both_ways_of_reading_them()
    {
        var range = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(0x20000));
        List<PageRun> scanned = [], read = [];
        Look(process =>
        {
            ReadPages(process, canScan: true, range, scanned);
            ReadPages(process, canScan: false, range, read);
        });

        (ulong, ulong, PageKinds)[] expected =
        [
            (0x10001000, 0x2000, PageKinds.Present),
            (0x10004000, 0x1000, PageKinds.Present),
            (0x10006000, 0x1000, PageKinds.Present),
            .. HasGuards ? new[] { (0x10008000UL, 0x3000UL, PageKinds.Swapped | PageKinds.Guard) } : [],
        ];
        Assert.Equal(expected, read.Select(Shape));
        if (HasScan)
            expected[1].Item3 |= PageKinds.Zero;

        Assert.Equal(expected, scanned.Select(Shape));
    }

    [Fact]
    public void The_first_page_is_found_in_both_ways_of_looking_for_it()
    {
        List<VirtualAddress> any = [], own = [], none = [];
        Look(process =>
        {
            foreach (bool canScan in (bool[])[true, false])
            {
                using ProcessReader reader = ProcessReader.TryOpen(process, out _, canScan: canScan)!;
                Assert.True(reader.TryFindFirstPage(RangeOf(0x10000000, 0x10020000), isOnlyPrivate: false, out VirtualAddress page));
                any.Add(page);
                Assert.True(reader.TryFindFirstPage(RangeOf(0x10003000, 0x12000000), isOnlyPrivate: canScan, out page));
                own.Add(page);
                Assert.False(reader.TryFindFirstPage(RangeOf(0x11000000, 0x11002000), isOnlyPrivate: true, out _));
                Assert.False(reader.TryFindFirstPage(RangeOf(0x10000000, 0x10001000), isOnlyPrivate: false, out _));
            }
        });

        Assert.Equal([new VirtualAddress(0x10001000), new VirtualAddress(0x10001000)], any);
        // The page of zeroes is told from others only by the scan.
        Assert.Equal([new VirtualAddress(HasScan ? 0x10006000UL : 0x10004000), new VirtualAddress(0x10004000)], own);
    }

    [Fact]
    public void A_page_of_a_file_is_told_from_an_anonymous_one()
    {
        List<PageRun> runs = [];
        Look(process => ReadPages(process, canScan: true, RangeOf(0x11000000, 0x11002000), runs));

        Assert.Equal([(0x11000000, 0x1000, PageKinds.Present | PageKinds.FileOrShared)], runs.Select(Shape));
    }

    [Fact]
    public void A_large_entry_is_reported_as_one_run()
    {
        Assert.SkipWhen(File.ReadAllText("/sys/kernel/mm/transparent_hugepage/enabled").Contains("[never]", StringComparison.Ordinal), "No transparent huge pages.");
        Assert.SkipUnless(HasScan, "Large entries are not reported before Linux 6.7.");
        List<PageRun> runs = [];
        Look(process => ReadPages(process, canScan: true, RangeOf(0x12000000, 0x12400000), runs));

        Assert.Equal([(0x12000000, 0x200000, PageKinds.Present | PageKinds.Large)], runs.Select(Shape));
    }

    [Fact]
    public void Mappings_are_read_with_their_files_and_flags()
    {
        List<KernelMapping> named = [], flagged = [];
        string ownText = "";
        Look(process =>
        {
            using ProcessReader reader = ProcessReader.Open(process);
            Assert.True(reader.ReadMappingsWithNames(Everything, named));
            Assert.True(reader.ReadMappingsWithFlags(Everything, flagged));
            ownText = File.ReadAllText($"/proc/{process}/maps");
        });

        Assert.Equal(ownText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => !line.EndsWith("[vsyscall]", StringComparison.Ordinal)), named.Count);
        Assert.Equal(named, flagged.Select(mapping => mapping with { Flags = null }));
        KernelMapping shared = Assert.Single(named, mapping => mapping.Range.Start.Value == 0x11000000);
        Assert.Equal((true, 4096UL, Protection.Read | Protection.Write), (shared.IsShared, shared.FileOffset, shared.Protection));
        Assert.Equal("/memfd:shared (deleted)", shared.Name);
        Assert.NotEqual(0UL, shared.Inode);
        KernelMapping huge = Assert.Single(flagged, mapping => mapping.Range.Start.Value == 0x12000000);
        Assert.Equal(VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.Account | VmFlags.HugePage, huge.Flags);
        Assert.Contains(named, mapping => mapping.Name == "[stack]" && !mapping.IsShared);
        Assert.Contains(flagged, mapping => mapping.Name == "[stack]" && mapping.Flags!.Value.HasFlag(VmFlags.GrowsDown));
        Assert.Contains(flagged, mapping => mapping.Name == "[vdso]" && mapping.Flags!.Value.HasFlag(VmFlags.DontExpand | VmFlags.Execute));
    }

    [Fact]
    public void Bytes_are_read_up_to_the_first_page_that_can_t_be()
    {
        byte[] buffer = new byte[0x100000];
        int count = 0;
        int hole = 1;
        Look(process =>
        {
            using ProcessReader reader = ProcessReader.Open(process);
            count = reader.ReadBytes(new VirtualAddress(0x11000000), buffer);
            hole = reader.ReadBytes(new VirtualAddress(0x11002000), buffer.AsSpan(0, 1));
        });

        Assert.Equal(0x1000, count); // the second page lies past the file's end
        Assert.Equal(1, buffer[0]);
        Assert.Equal(0, hole);
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
        Look(program, process =>
        {
            var range = new AddressRange(new VirtualAddress(0x10000000), new ByteLength(4000UL << 12));
            ReadPages(process, canScan: true, range, scanned);
            ReadPages(process, canScan: false, range, read);
        });

        Assert.Equal(2000, scanned.Count);
        Assert.Equal(read, scanned);
    }

    // Guard markers came with Linux 6.13, and are shown in pagemap a little later.
    private static bool HasGuards => Environment.OSVersion.Version >= new Version(6, 16);

    private static bool HasScan => Environment.OSVersion.Version >= new Version(6, 7);

    private static AddressRange RangeOf(ulong start, ulong end) => new(new VirtualAddress(start), new VirtualAddress(end));

    private static void ReadPages(int process, bool canScan, AddressRange range, List<PageRun> runs)
    {
        using ProcessReader reader = ProcessReader.TryOpen(process, out _, canScan: canScan)!;
        Assert.True(reader.ReadPages(range, runs, All));
    }

    private static void Look(Action<int> look)
    {
        using var program = new CProgram(Layout);
        Look(program, look);
    }

    private static void Look(CProgram program, Action<int> look)
    {
        int looks = 0;
        var seen = new EventRecorder
        {
            AtEntry = call =>
            {
                if (call.Number != SystemCallNumber.Sync)
                    return;

                looks++;
                look(call.ProcessId);
            },
        };
        TraceResult result = TracedRun.Of(seen, program.Path);
        Assert.Equal((0, 1), (result.Status.ShellStatus, looks));
    }

    private static (ulong Start, ulong Length, PageKinds Kinds) Shape(PageRun run) => (run.Range.Start.Value, run.Range.Length.Value, run.Kinds);
}
