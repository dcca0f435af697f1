using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Moving;
using PageShift.PageTables;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Which machine a log is taken to be from, and what its page tables are. Whole logs stand in <c>tests/logs</c>.</summary>
public sealed class MachineTests
{
    [Fact]
    public void Without_a_sign_it_is_x86_64_and_nothing_is_said()
    {
        Machine machine = Of("mremap(0x8100000, 0x200000, 0x200000, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f00000) = 0x7f00000");
        Assert.Equal((Architecture.X64, 12, 47, null), (machine.Architecture, machine.PageShift, machine.AddressBits, machine.Because));
        Assert.Same(PagingGeometry.X86, machine.Geometry);
    }

    [Theory]
    [InlineData("4K", 12, 48, 1UL << 21)]
    [InlineData("16K", 14, 48, 1UL << 25)]
    [InlineData("64K", 16, 48, 1UL << 29)]
    public void A_PMD_spans_what_a_table_of_the_page_size_maps(string pageSize, int shift, int bits, ulong span)
    {
        Machine machine = Of("", new MachineRequest(Architecture.Arm64, shift));
        Assert.Equal((bits, span), (machine.AddressBits, machine.ShownGeometry.Span(PageTableLevel.Pmd).Value));
        Assert.StartsWith(pageSize[..^1], MachineShapes.SizeOf(machine.PageShift), StringComparison.Ordinal);
        Assert.Equal(1UL << bits, machine.Limit);
    }

    [Fact]
    public void Larger_pages_than_the_alignment_of_an_address_are_not_taken()
    {
        string line = "openat(AT_FDCWD, \"/lib/aarch64-linux-gnu/libc.so.6\", O_RDONLY) = 3\n";
        string[] aligned = [.. Enumerable.Range(1, 4).Select(i => $"mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xffff9c5{i}0000")];
        Assert.Equal(16, Of(line + string.Join('\n', aligned)).PageShift);
        Assert.Equal(14, Of(line + string.Join('\n', aligned) + "\nmunmap(0xffff9c514000, 4096) = 0").PageShift);
        Assert.Equal(12, Of(line + string.Join('\n', aligned) + "\nmunmap(0xffff9c511000, 4096) = 0").PageShift);
    }

    [Fact]
    public void Options_come_before_what_the_log_shows()
    {
        const string Log = "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x3f9c5d8000";
        Assert.Equal(Architecture.RiscV64, Of(Log, new MachineRequest(Architecture.RiscV64)).Architecture);
        Assert.Equal(38, Of(Log, new MachineRequest(Architecture.RiscV64)).AddressBits);
        Assert.Equal(47, Of(Log, new MachineRequest(Architecture.RiscV64, AddressBits: 47)).AddressBits);
        Assert.Contains("--address-bits", Refusal(() => Of(Log, new MachineRequest(Architecture.RiscV64, AddressBits: 48))), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_that_are_not_supported_are_refused_with_those_that_are()
    {
        Assert.Contains("s390x's tables with pages of 64 KiB are not supported; supported are x86-64 with 4 KiB", Refusal(() => Of("", new MachineRequest(Architecture.S390, 16))), StringComparison.Ordinal);
        Assert.Contains("ppc64 with 4 KiB and 64 KiB", Refusal(() => Of("", new MachineRequest(Architecture.Power64, 14))), StringComparison.Ordinal);
        Assert.Equal(12, Of("", new MachineRequest(Architecture.Power64, 12)).PageShift);
    }

    [Theory]
    [InlineData("ppc64", null, 16, new[] { 16, 21, 30, 39, 47 })]
    [InlineData("ppc64", 52, 16, new[] { 16, 21, 30, 39, 52 })]
    [InlineData("s390x", null, 12, new[] { 12, 20, 31, 42 })]
    [InlineData("s390x", 53, 12, new[] { 12, 20, 31, 42, 53 })]
    public void Tables_of_different_sizes_have_spans_of_their_own(string architecture, int? bits, int pageShift, int[] shifts)
    {
        Machine machine = Of("", new MachineRequest(ArchitectureName.All.First(a => ArchitectureName.Of(a) == architecture), AddressBits: bits));
        PagingGeometry shown = machine.ShownGeometry;
        Assert.Equal((pageShift, shifts.Length - 1), (machine.PageShift, shown.Levels));
        Assert.Equal(shifts, Enumerable.Range(0, shifts.Length).Select(level => shown.SpanShift((PageTableLevel)level)));
        Assert.Equal(1UL << shifts[^1], machine.Limit);
    }

    [Theory]
    [InlineData("mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xf7f7a000", Machine.FourGigabyteLimit)]
    [InlineData("mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xb7f7a000", Machine.ThreeGigabyteLimit)]
    [InlineData("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xb7f7a000", Machine.ThreeGigabyteLimit)]
    [InlineData("brk(NULL) = 0x8f3a000\nfstat64(3, {}) = 0", Machine.FourGigabyteLimit)]
    [InlineData("mremap(0xfffffffff7f7a000, 4096, 8192, MREMAP_MAYMOVE) = 0xfffffffff7f70000", Machine.FourGigabyteLimit)]
    public void A_32_bit_program_ends_where_its_addresses_say(string log, ulong limit)
    {
        Machine machine = Of(log);
        Assert.Equal((Architecture.I386, limit), (machine.Architecture, machine.Limit));
    }

    [Fact]
    public void A_32_bit_kernel_has_tables_of_its_own()
    {
        Machine pae = Of("", new MachineRequest(Architecture.I386Pae));
        Machine twoLevel = Of("", new MachineRequest(Architecture.I386TwoLevel));
        Assert.Equal((3, 2UL << 20, Machine.ThreeGigabyteLimit), (pae.Geometry.Levels, pae.Geometry.Span(PageTableLevel.Pmd).Value, pae.Limit));
        Assert.Equal((2, 4UL << 20, Machine.ThreeGigabyteLimit), (twoLevel.Geometry.Levels, twoLevel.Geometry.Span(PageTableLevel.Pmd).Value, twoLevel.Limit));
    }

    /// <summary>All that is moved stays there, in tables of several frames that are taken, given back and taken again.</summary>
    [Theory]
    [InlineData(Architecture.Arm64, 14, 25)]
    [InlineData(Architecture.Arm64, 16, 29)]
    [InlineData(Architecture.S390, 12, 20)]
    [InlineData(Architecture.S390, 12, 31)]
    [InlineData(Architecture.Power64, 16, 21)]
    [InlineData(Architecture.Power64, 16, 30)]
    public void Tables_of_several_frames_hold_what_moves(object processor, int pageShift, int spanShift)
    {
        var architecture = (Architecture)processor;
        ulong top = architecture == Architecture.S390 ? 1UL << 42 : 1UL << 47;
        ulong span = 1UL << spanShift;
        ulong page = 1UL << pageShift;
        var log = new StringBuilder();
        ulong at = top - (1UL << 32);
        log.Append($"mmap(0x{at:x}, {span + page}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x{at:x}\n");
        for (int i = 1; i <= 6; i++)
        {
            // In turn to a place that is congruent, and to one that is not.
            ulong to = top - (16UL << 32) - ((ulong)i * 4 * span) + (i % 2 == 0 ? page : 0);
            log.Append($"mremap(0x{at:x}, {span + page}, {span + page}, MREMAP_MAYMOVE|MREMAP_FIXED, 0x{to:x}) = 0x{to:x}\n");
            at = to;
        }

        Machine machine = Of(log.ToString(), new MachineRequest(architecture, pageShift));
        using var executor = new LogExecutor(new LogExecutorOptions { Verify = true, Machine = machine });
        CallLogReader reader = LogText.PlainReader(log.ToString());
        while (reader.TryRead(out CallRecord record))
        {
            Assert.Null(executor.Execute(record).Divergence);
            executor.SpaceOf(0).Verify();
        }

        Assert.Equal(6, executor.Statistics.Moves);
        Assert.Equal((span >> pageShift) + 1, executor.SpaceOf(0).Memory.DataFrames);
    }

    [Theory]
    [InlineData(MovePolicy.Linux50, "arm64", PageTableLevel.Pte)]
    [InlineData(MovePolicy.Linux511, "arm64", PageTableLevel.Pud)]
    [InlineData(MovePolicy.Linux511, "riscv64", PageTableLevel.Pte)]
    [InlineData(MovePolicy.Linux67, "riscv64", PageTableLevel.Pud)]
    [InlineData(MovePolicy.Linux67, "loongarch64", PageTableLevel.Pte)]
    [InlineData(MovePolicy.Linux50, "x86-64", PageTableLevel.Pmd)]
    public void A_policy_moves_what_the_processors_Linux_moves(MovePolicy policy, string architecture, PageTableLevel highest)
    {
        Machine machine = Of("", new MachineRequest(ArchitectureName.All.First(a => ArchitectureName.Of(a) == architecture)));
        Assert.Equal(highest, machine.TableMoves.HighestUnder(policy));
    }

    private static string Refusal(Func<Machine> find) => Assert.Throws<UnsupportedMachineException>(find).Message;

    private static Machine Of(string log, MachineRequest? request = null)
    {
        CallLogReader reader = LogText.PlainReader(log);
        var evidence = new MachineEvidence();
        while (reader.TryRead(out CallRecord record))
            evidence.Add(record);
        return evidence.Choose(request ?? new MachineRequest(), reader.StatedPageSize);
    }
}
