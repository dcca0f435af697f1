using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class KernelAccessTests
{
    private const ulong Base = 0x2000_0000_0000;
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void What_is_written_is_read_back_across_pieces_of_the_scratch()
    {
        using KernelExecutor executor = OrSkip();
        byte[] written = new byte[200_001];
        new Random(1).NextBytes(written);
        byte[] read = new byte[written.Length];
        byte[] seen = new byte[written.Length];
        var start = new VirtualAddress(executor.Map(Base, 1 << 20) + 77);

        MemoryAccess write = executor.Write(start, written);
        MemoryAccess load = executor.Read(start, read);
        int bytes = executor.ReadPresentBytes(start, seen);

        Assert.True(write.IsComplete && load.IsComplete);
        Assert.Equal((ulong)written.Length, write.BytesDone.Value);
        Assert.Equal(written, read);
        Assert.Equal(written.Length, bytes);
        Assert.Equal(written, seen);
    }

    [Fact]
    public void A_store_into_a_hole_stops_at_its_first_byte()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, Page);

        MemoryAccess access = executor.Fill(new VirtualAddress(Base + 100), 7, new ByteLength(2 * Page));

        Assert.Equal(
            new MemoryAccess(new ByteLength(Page - 100), MemoryAccess.SegmentationFault, MemoryAccess.NotMapped, new VirtualAddress(Base + Page), Refusal.None),
            access);
        Assert.True(executor.Fill(new VirtualAddress(Base), 7, new ByteLength(Page)).IsComplete);
    }

    [Fact]
    public void A_protection_is_told_from_a_hole()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, Page);
        _ = executor.Invoke(SystemCallNumber.Protect, new(Base, Page, (ulong)Protection.Read));

        MemoryAccess store = executor.Fill(new VirtualAddress(Base), 7, new ByteLength(1));

        Assert.Equal((MemoryAccess.SegmentationFault, MemoryAccess.NotPermitted), (store.Signal, store.SignalCode));
        Assert.True(executor.Read(new VirtualAddress(Base), new byte[1]).IsComplete);
    }

    [Fact]
    public void A_page_beyond_the_end_of_a_file_is_a_bus_error()
    {
        using KernelExecutor executor = OrSkip();
        CallResult file = executor.CreateMemoryFile(new ByteLength(Page));
        Assert.Equal(3, file.Raw);
        _ = executor.Invoke(SystemCallNumber.Map, new(Base, 2 * Page, ReadWrite, (ulong)(MapFlags.Shared | MapFlags.Fixed), (ulong)file.Raw));

        MemoryAccess access = executor.Fill(new VirtualAddress(Base), 7, new ByteLength(2 * Page));

        Assert.Equal((MemoryAccess.BusError, new ByteLength(Page)), (access.Signal, access.BytesDone));
        Assert.Equal(CallResult.Success, executor.ResizeFile(3, new ByteLength(2 * Page)));
        Assert.True(executor.Fill(new VirtualAddress(Base), 7, new ByteLength(2 * Page)).IsComplete);
    }

    [Fact]
    public void A_store_below_a_stack_extends_it()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Invoke(SystemCallNumber.Map, new(Base, Page, ReadWrite, PrivateFixed | (ulong)MapFlags.GrowsDown, NoDescriptor));

        Assert.True(executor.Fill(new VirtualAddress(Base - Page), 7, new ByteLength(1)).IsComplete);

        var mappings = new List<KernelMapping>();
        Assert.True(executor.ReadMappings(Everything, mappings));
        Assert.Equal(new VirtualAddress(Base - Page), Assert.Single(mappings).Range.Start);
    }

    [Fact]
    public void An_address_that_is_not_canonical_faults_and_the_executor_lives_on()
    {
        using KernelExecutor executor = OrSkip();

        MemoryAccess access = executor.Fill(new VirtualAddress(0x8000_0000_0000_0000), 7, new ByteLength(1));

        Assert.Equal((MemoryAccess.SegmentationFault, new ByteLength(0)), (access.Signal, access.BytesDone));
        Assert.True(executor.Invoke(SystemCallNumber.Break).Ran);
    }

    [Fact]
    public void A_fork_has_its_own_copy_and_answers_beside_its_parent()
    {
        using KernelExecutor parent = OrSkip();
        var start = new VirtualAddress(parent.Map(Base, Page));
        _ = parent.Fill(start, 1, new ByteLength(Page));

        CallResult forked = parent.TryFork(out KernelExecutor? child);
        Assert.False(forked.IsError);
        using (child)
        {
            Assert.Equal(child!.ProcessId, forked.Raw);
            _ = child.Fill(start, 2, new ByteLength(Page));
            _ = parent.Fill(start + new ByteLength(1), 3, new ByteLength(1));
            byte[] ofParent = new byte[2];
            byte[] ofChild = new byte[2];
            _ = parent.Read(start, ofParent);
            _ = child.Read(start, ofChild);

            Assert.Equal([1, 3], ofParent);
            Assert.Equal([2, 2], ofChild);
        }
    }

    [Fact]
    public void A_forks_fork_outlives_its_parent_and_grandparent()
    {
        KernelExecutor parent = OrSkip();
        _ = parent.TryFork(out KernelExecutor? child);
        _ = child!.TryFork(out KernelExecutor? grandchild);
        using (grandchild)
        {
            child.Dispose();
            parent.Dispose();
            // Longer than an idle process waits before it looks whether it is still needed.
            Thread.Sleep(1500);

            Assert.Equal((long)Base, (long)grandchild!.Map(Base, Page));
        }
    }

    [Fact]
    public void A_fork_under_a_limit_that_allows_nothing_more_still_answers()
    {
        using KernelExecutor parent = OrSkip();
        _ = parent.Map(Base, Page);
        _ = parent.SetLimit(KernelResource.AddressSpace, 0);
        _ = parent.SetLimit(KernelResource.Data, 0);

        Assert.False(parent.TryFork(out KernelExecutor? child).IsError);

        using (child)
        {
            Assert.Equal(Errno.OutOfMemory, child!.Invoke(SystemCallNumber.Map, new(0, Page, 0, PrivateAnonymous, NoDescriptor)).Result.Error);
            Assert.True(child.Fill(new VirtualAddress(Base), 1, new ByteLength(Page)).IsComplete);
            Assert.Equal(MemoryAccess.NotMapped, child.Fill(new VirtualAddress(0), 1, new ByteLength(1)).SignalCode);
        }
    }

    [Fact]
    public void The_sixty_fifth_process_at_a_time_is_refused_and_its_place_returns()
    {
        using KernelExecutor parent = OrSkip();
        var children = new List<KernelExecutor>();
        while (parent.TryFork(out KernelExecutor? child) is { IsError: false }) children.Add(child!);

        Assert.Equal(63, children.Count);
        Assert.Equal(Errno.TryAgain, parent.TryFork(out _).Error);
        foreach (KernelExecutor child in children) Assert.True(child.Invoke(SystemCallNumber.Break).Ran);
        children[7].Dispose();
        Assert.False(parent.TryFork(out KernelExecutor? last).IsError);
        last!.Dispose();
        foreach (KernelExecutor child in children) child.Dispose();
    }

    [Fact]
    public void Two_hundred_forks_one_after_the_other_leave_nothing_behind()
    {
        using KernelExecutor parent = OrSkip();
        int last = 0;
        for (int index = 0; index < 200; index++)
        {
            Assert.False(parent.TryFork(out KernelExecutor? child).IsError);
            last = child!.ProcessId;
            _ = child.Map(Base, Page);
            child.Dispose();
        }

        // The kernel removes an ignored child's entry a moment after the child's end was seen.
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{last}"), HangGuard.Limit));
        Assert.True(parent.Invoke(SystemCallNumber.Break).Ran);
    }
}
