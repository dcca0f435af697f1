using System.Globalization;
using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Processes;
using PageShift.Units;
using Xunit;
using static PageShift.Tests.Linux.StartedExecutor;

namespace PageShift.Tests.Linux;

public sealed class KernelExecutorTests
{
    private const ulong Base = 0x2000_0000_0000;
    private const ulong Page = PageSize.Bytes;

    [Fact]
    public void A_fresh_executor_has_an_empty_address_space()
    {
        using KernelExecutor executor = OrSkip();
        var mappings = new List<KernelMapping>();
        var runs = new List<PageRun>();

        Assert.True(executor.ReadMappings(Everything, mappings));
        Assert.True(executor.ReadPresence(Everything, runs));

        Assert.Empty(mappings);
        Assert.Empty(runs);
    }

    [Fact]
    public void The_surroundings_name_all_that_the_process_holds()
    {
        using KernelExecutor executor = OrSkip();
        using ProcessReader reader = ProcessReader.Open(executor.ProcessId);
        var mappings = new List<KernelMapping>();

        Assert.True(reader.ReadMappings(Everything, mappings));

        Assert.Equal([executor.Surroundings.HostCode, executor.Surroundings.HostData], mappings.Select(mapping => mapping.Range));
    }

    [Fact]
    public void The_process_has_a_name_that_says_whose_it_is()
    {
        using KernelExecutor executor = OrSkip();

        Assert.Equal("pageshift-host\n", File.ReadAllText($"/proc/{executor.ProcessId}/comm"));
    }

    [Fact]
    public void No_signal_to_the_runners_group_reaches_the_process()
    {
        using KernelExecutor executor = OrSkip();

        string[] status = File.ReadAllText($"/proc/{executor.ProcessId}/stat").Split(' ');
        string blocked = File.ReadLines($"/proc/{executor.ProcessId}/status").Single(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));

        Assert.Equal(executor.ProcessId.ToString(CultureInfo.InvariantCulture), status[4]); // the process group; the name has no space
        Assert.Equal("0000000000084007", blocked.Split('\t')[1]); // SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP
    }

    [Fact]
    public void The_kernel_chooses_the_highest_gap_below_the_map_base()
    {
        using KernelExecutor executor = OrSkip();

        KernelOutcome outcome = executor.Invoke(SystemCallNumber.Map, new(0, 3 * Page, ReadWrite, PrivateAnonymous, NoDescriptor));

        Assert.Equal(executor.Surroundings.MapBase - new ByteLength(3 * Page), outcome.Result.Address);
    }

    [Fact]
    public void Two_executors_have_the_same_surroundings()
    {
        using KernelExecutor first = OrSkip();
        using KernelExecutor second = OrSkip();

        Assert.Equal(Of(first.Surroundings), Of(second.Surroundings));

        static object Of(KernelSurroundings s) => (s.HostCode, s.HostData, s.TaskEnd, s.MapBase, s.LowestHint, s.BreakStart);
    }

    [Fact]
    public void A_failing_call_gives_the_kernels_error_number()
    {
        using KernelExecutor executor = OrSkip();

        Assert.Equal(Errno.InvalidArgument, executor.Invoke(SystemCallNumber.Unmap, new(Base, 0)).Result.Error);
        Assert.Equal(Errno.BadAddress, executor.Invoke(SystemCallNumber.Remap, new(Base, Page, Page, 0)).Result.Error);
        Assert.Equal(Errno.BadFileDescriptor, executor.Invoke(SystemCallNumber.Map, new(0, Page, 1, 2, 77)).Result.Error);
    }

    [Fact]
    public void Every_call_that_reaches_the_host_is_refused_and_changes_nothing()
    {
        using KernelExecutor executor = OrSkip();
        AddressRange host = executor.Surroundings.Host;
        ulong start = host.Start.Value;
        _ = executor.Map(Base, Page);

        KernelOutcome[] outcomes =
        [
            executor.Invoke(SystemCallNumber.Unmap, new(0, 0x7fff_ffff_f000)),
            executor.Invoke(SystemCallNumber.Unmap, new(start - Page, Page + 1)),
            executor.Invoke(SystemCallNumber.Map, new(start, Page, ReadWrite, PrivateFixed, NoDescriptor)),
            executor.Invoke(SystemCallNumber.Protect, new(start, Page, 0)),
            executor.Invoke(SystemCallNumber.ProtectWithKey, new(start + Page, Page, 0, ulong.MaxValue)),
            executor.Invoke(SystemCallNumber.Advise, new(start + Page, Page, (ulong)Advice.DontNeed)),
            executor.Invoke(SystemCallNumber.Remap, new(start, Page, 2 * Page, (ulong)RemapFlags.MayMove)),
            executor.Invoke(SystemCallNumber.Remap, new(start, 0, Page, (ulong)RemapFlags.MayMove)),
            executor.Invoke(SystemCallNumber.Remap, new(Base, Page, Page, (ulong)(RemapFlags.MayMove | RemapFlags.Fixed), start + Page)),
            executor.Invoke(SystemCallNumber.Lock, new(host.End.Value - 1, 1)),
            executor.Invoke(SystemCallNumber.Seal, new(start, Page, 0)),
            executor.Invoke(SystemCallNumber.InCore, new(Base, Page, start + Page)),
        ];

        Assert.All(outcomes, outcome => Assert.Equal(Refusal.TouchesHost, outcome.Refusal));
        Assert.Equal(Refusal.TouchesHost, executor.Fill(host.Start, 1, new ByteLength(1)).Refusal);
        Assert.Equal(Refusal.TouchesHost, executor.Read(new VirtualAddress(start - 1), new byte[2]).Refusal);
        Assert.True(executor.Invoke(SystemCallNumber.Unmap, new(Base, Page)).Ran);
    }

    [Fact]
    public void A_range_that_ends_or_begins_at_the_host_is_not_refused()
    {
        using KernelExecutor executor = OrSkip();
        AddressRange host = executor.Surroundings.Host;

        Assert.Equal(CallResult.Success, executor.Invoke(SystemCallNumber.Unmap, new(Base, host.Start.Value - Base)).Result);
        Assert.Equal(CallResult.Success, executor.Invoke(SystemCallNumber.Unmap, new(host.End.Value, 0x7fff_ffff_f000 - host.End.Value)).Result);
        Assert.Equal(Errno.AlreadyExists, executor.Invoke(
            SystemCallNumber.Map, new(host.Start.Value, Page, 0, PrivateFixed | (ulong)MapFlags.FixedNoReplace, NoDescriptor)).Result.Error);
    }

    [Fact]
    public void A_call_that_would_fill_the_machine_is_refused()
    {
        const ulong terabyte = 1UL << 40;
        using KernelExecutor executor = OrSkip();

        KernelOutcome populate = executor.Invoke(SystemCallNumber.Map, new(Base, terabyte, ReadWrite,
            PrivateFixed | (ulong)(MapFlags.Populate | MapFlags.NoReserve), NoDescriptor));
        Assert.Equal(Refusal.PopulatesTooMuch, populate.Refusal);

        KernelOutcome reserve = executor.Invoke(SystemCallNumber.Map, new(Base, terabyte, ReadWrite,
            PrivateFixed | (ulong)MapFlags.NoReserve, NoDescriptor));
        Assert.Equal((long)Base, reserve.Result.Raw);
        Assert.Equal(Refusal.PopulatesTooMuch, executor.Invoke(SystemCallNumber.Advise, new(Base, terabyte, (ulong)Advice.PopulateWrite)).Refusal);
        Assert.Equal(Refusal.PopulatesTooMuch, executor.Fill(new VirtualAddress(Base), 1, new ByteLength(terabyte)).Refusal);
    }

    [Fact]
    public void Numbers_that_are_no_memory_calls_are_refused()
    {
        using KernelExecutor executor = OrSkip();

        Assert.All([1, 60, 231, -1], number => Assert.Equal(Refusal.UnknownCall, executor.Invoke((SystemCallNumber)number).Refusal));
        Assert.True(executor.Invoke(SystemCallNumber.Break).Ran);
    }

    [Fact]
    public void The_heap_begins_empty_and_grows_by_brk()
    {
        using KernelExecutor executor = OrSkip();
        ulong start = executor.Surroundings.BreakStart.Value;
        var mappings = new List<KernelMapping>();

        Assert.Equal((long)(start + 2 * Page), executor.Invoke(SystemCallNumber.Break, new(start + 2 * Page)).Result.Raw);

        Assert.True(executor.ReadMappings(Everything, mappings));
        KernelMapping heap = Assert.Single(mappings);
        Assert.Equal(new AddressRange(new VirtualAddress(start), new ByteLength(2 * Page)), heap.Range);
    }

    [Fact]
    public void A_limit_binds_the_executor_and_not_the_runner()
    {
        using KernelExecutor executor = OrSkip();

        Assert.Equal(CallResult.Success, executor.SetLimit(KernelResource.AddressSpace, 1UL << 20));

        Assert.Equal(Errno.OutOfMemory, executor.Invoke(SystemCallNumber.Map, new(Base, 1UL << 20, ReadWrite, PrivateFixed, NoDescriptor)).Result.Error);
        Assert.Equal(1UL << 20, executor.GetLimit(KernelResource.AddressSpace));
        Assert.Equal(1UL << 21, (ulong)new byte[1 << 21].Length);
    }

    [Fact]
    public void After_locking_all_future_mappings_a_large_one_is_refused()
    {
        const ulong lockFuture = 2;
        const ulong large = 1UL << 35;
        using KernelExecutor executor = OrSkip();
        Assert.Equal(CallResult.Success, executor.Invoke(SystemCallNumber.LockAll, new(lockFuture)).Result);

        Assert.Equal(Refusal.PopulatesTooMuch, executor.Invoke(SystemCallNumber.Map, new(Base, large, 0, PrivateFixed, NoDescriptor)).Refusal);
        Assert.Equal(Refusal.PopulatesTooMuch, executor.Invoke(SystemCallNumber.Break, new(executor.Surroundings.BreakStart.Value + large)).Refusal);
        Assert.Equal(CallResult.Success, executor.Invoke(SystemCallNumber.UnlockAll).Result);
        Assert.True(executor.Invoke(SystemCallNumber.Map, new(Base, large, 0, PrivateFixed, NoDescriptor)).Ran);
    }

    [Fact]
    public void The_scratch_takes_a_vector_of_mincore()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, 4 * Page);
        _ = executor.Fill(new VirtualAddress(Base + Page), 1, new ByteLength(2 * Page));
        byte[] vector = new byte[4];

        KernelOutcome outcome = executor.Invoke(SystemCallNumber.InCore, new(Base, 4 * Page, executor.Scratch.Start.Value));

        Assert.Equal((Refusal.None, CallResult.Success), (outcome.Refusal, outcome.Result));
        Assert.Equal(vector.Length, executor.ReadPresentBytes(executor.Scratch.Start, vector));
        Assert.Equal([0, 1, 1, 0], vector);
        Assert.Equal(Refusal.TouchesHost, executor.Invoke(SystemCallNumber.InCore, new(Base, 4 * Page, executor.Scratch.End.Value - 3)).Refusal);
    }

    [Fact]
    public void Without_capabilities_the_lock_limit_and_the_lowest_address_bind()
    {
        using KernelExecutor executor = OrSkip();
        _ = executor.SetLimit(KernelResource.LockedMemory, Page);
        _ = executor.Map(Base, 2 * Page);

        Assert.Equal(Errno.OutOfMemory, executor.Invoke(SystemCallNumber.Lock, new(Base, 2 * Page)).Result.Error);
        Assert.Equal(Errno.OperationNotPermitted, executor.Invoke(SystemCallNumber.Map, new(0, Page, ReadWrite, PrivateFixed, NoDescriptor)).Result.Error);
    }

    [Fact]
    public void A_call_is_timed()
    {
        const ulong length = 64UL << 20;
        using KernelExecutor executor = OrSkip();
        _ = executor.Map(Base, length);

        long populate = executor.Invoke(SystemCallNumber.Advise, new(Base, length, (ulong)Advice.PopulateWrite)).Nanoseconds;
        long nothing = executor.Invoke(SystemCallNumber.Advise, new(Base, 0, (ulong)Advice.PopulateWrite)).Nanoseconds;

        // 16,384 pages are cleared in the one and none in the other.
        Assert.InRange(nothing, 1, populate);
        Assert.InRange(populate, 16_384 * 10, long.MaxValue);
    }

    [Fact]
    public void The_executor_answers_when_its_process_was_killed()
    {
        using KernelExecutor executor = OrSkip();
        using (var process = System.Diagnostics.Process.GetProcessById(executor.ProcessId)) process.Kill();

        Assert.Equal(Refusal.ProcessEnded, executor.Invoke(SystemCallNumber.Break).Refusal);
        Assert.False(executor.IsAlive);
        Assert.Equal(Refusal.ProcessEnded, executor.Fill(new VirtualAddress(Base), 1, new ByteLength(1)).Refusal);
        Assert.Equal(Errno.NoSuchProcess, executor.TryFork(out _).Error);
        Assert.False(executor.ReadMappings(Everything, []));
        Assert.False(executor.ReadPresence(Everything, []));
    }

    [Fact]
    public void A_disposed_executor_leaves_no_process()
    {
        KernelExecutor executor = OrSkip();
        int processId = executor.ProcessId;
        Assert.False(executor.TryFork(out KernelExecutor? child).IsError);
        int childId = child!.ProcessId;

        child.Dispose();
        executor.Dispose();

        Assert.False(Directory.Exists($"/proc/{processId}"));
        // The kernel removes an ignored child's entry a moment after the child's end was seen.
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{childId}"), HangGuard.Limit));
        Assert.Throws<ObjectDisposedException>(() => executor.Invoke(SystemCallNumber.Break));
    }
}
