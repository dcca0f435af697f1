using System.Text;
using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class ReadBackTests
{
    private const ulong Base = 0x2000_0000_0000;
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void A_mapping_is_told_with_its_protection_type_and_file()
    {
        using KernelExecutor executor = OrSkip();
        ulong file = (ulong)executor.CreateMemoryFile(new ByteLength(4 * Page)).Raw;
        _ = executor.Invoke(SystemCallNumber.Map, new(Base, 2 * Page, (ulong)Protection.Read, (ulong)(MapFlags.Shared | MapFlags.Fixed), file, Page));
        var mappings = new List<KernelMapping>();

        Assert.True(executor.ReadMappings(Everything, mappings));

        KernelMapping mapping = Assert.Single(mappings);
        Assert.Equal(new AddressRange(new VirtualAddress(Base), new ByteLength(2 * Page)), mapping.Range);
        Assert.Equal((Protection.Read, true, Page), (mapping.Protection, mapping.IsShared, mapping.FileOffset));
        Assert.NotEqual(0UL, mapping.Inode);
        Assert.Null(mapping.Flags);
    }

    [Fact]
    public void The_request_and_the_text_tell_the_same_mappings()
    {
        using KernelExecutor executor = OrSkip();
        MapAssortment(executor);
        using ProcessReader request = ProcessReader.Open(executor.ProcessId);
        using ProcessReader text = ProcessReader.TryOpen(executor.ProcessId, out _, canQuery: false)!;
        var byRequest = new List<KernelMapping>();
        var byText = new List<KernelMapping>();
        var part = new AddressRange(new VirtualAddress(Base + Page), new VirtualAddress(Base + 0x10_0001));

        Assert.True(request.ReadMappings(Everything, byRequest));
        Assert.True(text.ReadMappings(Everything, byText));
        AssertSame(byText, byRequest);
        Assert.True(byRequest.Count > 100);

        byRequest.Clear();
        byText.Clear();
        Assert.True(request.ReadMappings(part, byRequest));
        Assert.True(text.ReadMappings(part, byText));
        AssertSame(byText, byRequest);
        Assert.True(byRequest.Count is > 1 and < 100);
    }

    /// <summary>Only the request tells the size of the pages.</summary>
    private static void AssertSame(List<KernelMapping> byText, List<KernelMapping> byRequest)
    {
        Assert.All(byRequest, mapping => Assert.Equal(Page, mapping.PageBytes));
        Assert.Equal(byText, byRequest.Select(mapping => mapping with { PageBytes = 0 }));
    }

    [Fact]
    public void The_scan_and_the_entries_tell_the_same_pages()
    {
        using KernelExecutor executor = OrSkip();
        MapAssortment(executor);
        using ProcessReader scan = ProcessReader.Open(executor.ProcessId);
        using ProcessReader entries = ProcessReader.TryOpen(executor.ProcessId, out _, canScan: false)!;
        var window = new AddressRange(new VirtualAddress(Base), new VirtualAddress(Base + 0x4000_0000));
        var byScan = new List<PageRun>();
        var byEntries = new List<PageRun>();

        Assert.True(scan.ReadPages(window, byScan));
        Assert.True(entries.ReadPages(window, byEntries));

        Assert.Equal(byEntries, byScan);
        Assert.True(byScan.Count > 256);
    }

    [Fact]
    public void Only_touched_pages_are_present_and_looking_touches_none()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, 1 << 20);
        _ = executor.Fill(new VirtualAddress(Base + 3 * Page), 9, new ByteLength(2 * Page));
        var runs = new List<PageRun>();
        byte[] bytes = new byte[2 * Page];

        for (int repetition = 0; repetition < 2; repetition++)
        {
            runs.Clear();
            Assert.True(executor.ReadPresence(Everything, runs));
            Assert.Equal([new PageRun(new AddressRange(new VirtualAddress(Base + 3 * Page), new ByteLength(2 * Page)), PageKinds.Present)], runs);
            Assert.Equal(bytes.Length, executor.ReadPresentBytes(runs[0].Range.Start, bytes));
            Assert.All(bytes, value => Assert.Equal(9, value));
        }
    }

    [Fact]
    public void A_range_may_reach_beyond_user_space_and_begin_within_a_page()
    {
        using KernelExecutor executor = OrSkip();
        using ProcessReader reader = ProcessReader.Open(executor.ProcessId);
        _ = executor.Map(Base, Page);
        _ = executor.Fill(new VirtualAddress(Base), 9, new ByteLength(1));
        var runs = new List<PageRun>();

        Assert.True(reader.ReadPages(new AddressRange(new VirtualAddress(Base + 5), new VirtualAddress(ulong.MaxValue)), runs));

        Assert.Equal(new VirtualAddress(Base), runs[0].Range.Start);
        Assert.All(runs, run => Assert.True(run.Range.Start.Value == Base || executor.Surroundings.Host.Contains(run.Range)));
    }

    [Fact]
    public void Bytes_behind_no_permission_are_read_without_a_fault()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, Page);
        _ = executor.Fill(new VirtualAddress(Base), 9, new ByteLength(Page));
        _ = executor.Invoke(SystemCallNumber.Protect, new(Base, Page, (ulong)Protection.None));
        byte[] bytes = new byte[2 * Page];

        Assert.Equal((int)Page, executor.ReadPresentBytes(new VirtualAddress(Base), bytes));

        Assert.Equal(9, bytes[Page - 1]);
    }

    [Fact]
    public void Guard_pages_and_shared_pages_are_told_apart()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, 2 * Page);
        KernelOutcome guard = executor.Invoke(SystemCallNumber.Advise, new(Base, Page, (ulong)Advice.GuardInstall));
        if (guard.Result.IsError) Assert.Skip("this kernel has no guard pages");
        _ = executor.Invoke(SystemCallNumber.Map, new(Base + 2 * Page, Page, ReadWrite, (ulong)(MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed), NoDescriptor));
        _ = executor.Fill(new VirtualAddress(Base + 2 * Page), 1, new ByteLength(1));
        var runs = new List<PageRun>();

        Assert.True(executor.ReadPresence(Everything, runs));

        Assert.Equal([PageKinds.Swapped, PageKinds.Present | PageKinds.FileOrShared], runs.Select(run => run.Kinds));
    }

    [Fact]
    public void All_flags_are_told_by_smaps()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, Page);
        _ = executor.Map(Base + 2 * Page, Page);
        _ = executor.Invoke(SystemCallNumber.Advise, new(Base + 2 * Page, Page, (ulong)Advice.DontFork));
        _ = executor.Invoke(SystemCallNumber.Advise, new(Base + 2 * Page, Page, (ulong)Advice.DontDump));
        var mappings = new List<KernelMapping>();

        Assert.True(executor.ReadMappingsWithFlags(Everything, mappings));

        const VmFlags usual = VmFlags.Read | VmFlags.Write | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.Account;
        Assert.Equal([usual, usual | VmFlags.DontCopy | VmFlags.DontDump], mappings.Select(mapping => mapping.Flags));
    }

    [Fact]
    public void The_text_of_maps_is_read_as_the_kernel_writes_it()
    {
        ReadOnlySpan<byte> text = """
            00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/a b
            7ffd3a000000-7ffd3a021000 rw-s 00000000 00:01 3   /dev/zero (deleted)
            7ffd3a021000-7ffd3a022000 ---p 00005000 00:00 0
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]

            """u8;
        var mappings = new List<KernelMapping>();

        MappingText.Read(text, new AddressRange(VirtualAddress.Zero, new VirtualAddress(ulong.MaxValue)), mappings);

        Assert.Equal(
            [
                new KernelMapping(new AddressRange(new VirtualAddress(0x400000), new VirtualAddress(0x452000)), Protection.Read | Protection.Execute, false, 0x1000, 8, 2, 173521),
                new KernelMapping(new AddressRange(new VirtualAddress(0x7ffd3a000000), new VirtualAddress(0x7ffd3a021000)), Protection.Read | Protection.Write, true, 0, 0, 1, 3),
                new KernelMapping(new AddressRange(new VirtualAddress(0x7ffd3a021000), new VirtualAddress(0x7ffd3a022000)), Protection.None, false, 0, 0, 0, 0),
            ],
            mappings);
    }

    [Fact]
    public void A_text_that_is_no_map_is_a_format_error_at_every_length()
    {
        byte[] line = Encoding.ASCII.GetBytes("00400000-00452000 r-xp 00001000 08:02 173521");
        const int withoutInode = 38;
        for (int length = 1; length <= withoutInode; length++)
            Assert.Throws<FormatException>(() => MappingText.Read(line.AsSpan(0, length), Everything, []));
    }

    private static void MapAssortment(KernelExecutor executor)
    {
        // More mappings and runs than one buffer of text or one request's vector holds.
        ulong file = (ulong)executor.CreateMemoryFile(new ByteLength(1 << 20)).Raw;
        for (ulong index = 0; index < 600; index++)
        {
            ulong address = Base + index * 4 * Page;
            if (index % 3 == 0) _ = executor.Invoke(SystemCallNumber.Map, new(address, 2 * Page, ReadWrite, (ulong)(MapFlags.Private | MapFlags.Fixed), file, index % 16 * Page));
            else if (index % 3 == 1) _ = executor.Invoke(SystemCallNumber.Map, new(address, 3 * Page, ReadWrite, (ulong)(MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed), NoDescriptor));
            else _ = executor.Map(address, 2 * Page);
            if (index % 5 != 0) _ = executor.Fill(new VirtualAddress(address + index % 2 * Page), (byte)index, new ByteLength(1 + index % 2 * Page));
            if (index % 7 == 0) _ = executor.Invoke(SystemCallNumber.Protect, new(address, Page, (ulong)Protection.None));
        }
    }
}
