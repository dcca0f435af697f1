using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Execution;
using PageShift.Moving;
using PageShift.Units;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;
using static PageShift.Tests.Lockstep.LockstepTests;

namespace PageShift.Tests.Lockstep;

/// <summary>One test for each entry of <see cref="KnownDifferences.All"/>.</summary>
public sealed class KnownDifferenceTests
{
    [Fact]
    public void Each_has_a_name_and_a_reason()
    {
        Assert.Equal(6, KnownDifferences.All.Count);
        Assert.All(KnownDifferences.All, known => Assert.True(known.Name.Length != 0 && known.Reason.Length != 0));
    }

    [Fact]
    public void The_page_about_fuzzing_lists_them_as_they_are()
    {
        string[] rows = [.. File.ReadLines(Repository.Path("docs/fuzzing.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal))];
        Assert.All(KnownDifferences.All, known => Assert.Contains($"| {known.Name} | {known.Reason} |", rows));
    }

    [Fact]
    public void What_was_written_is_never_taken_for_reclaimed()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        foreach (CallRecord call in Sequence("""
            mmap(0x20000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            memset(0x20000000, 1, 4096)
            """).Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        lockstep.SpaceOf(0)!.Write(new VirtualAddress(0x2000_1000), (byte)1);
        Assert.StartsWith("the present pages", lockstep.Step(Sequence("madvise(0x20000000, 8192, MADV_PAGEOUT)").Calls[0])?.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void The_engine_follows_the_kernels_draw_below_2_GiB()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        var drawn = new HashSet<long>();
        for (int i = 0; i < 8; i++)
        {
            Assert.Null(lockstep.Step(Sequence("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0)").Calls[0])?.ToString());
            Assert.InRange(lockstep.LastResult!.Value.Raw, 0x4000_0000, 0x7fff_f000);
            drawn.Add(lockstep.LastResult!.Value.Raw);
        }

        Assert.Null(lockstep.Finish()?.ToString());
        Assert.Equal(8, drawn.Count);
    }

    [Fact]
    public void A_hint_below_2_GiB_is_no_draw_and_is_compared()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        Assert.Null(lockstep.Step(Sequence("mmap(0x20000000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0)").Calls[0])?.ToString());
        Assert.Equal(0x2000_0000, lockstep.LastResult!.Value.Raw);
    }

    [Fact]
    public void Reclaiming_is_left_out_where_an_object_is_shown_and_followed_elsewhere()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        var executed = new List<CallRecord>();
        Assert.Null(Sequence("""
            mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            mmap(0x20000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            memset(0x10000000, 1, 8192)
            memset(0x20000000, 1, 8192)
            madvise(0x20000000, 8192, MADV_FREE)
            madvise(0x10000000, 8192, MADV_PAGEOUT)
            madvise(0x20000000, 8192, MADV_PAGEOUT)
            memread(0x20000000, 8192)
            """).Execute(factory, executed)?.ToString());
        Assert.Equal([0x2000_0000UL], executed.Where(call => call.Call.Arguments.Third == 21).Select(call => call.Call.Arguments.First));
    }

    [Fact]
    public void The_engine_shares_the_zeroes_of_a_large_page_that_the_kernel_took_apart_and_nothing_else()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        CallSequence sequence = Sequence("""
            mmap(0x10000000, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            madvise(0x10000000, 2097152, MADV_HUGEPAGE)
            memset(0x10001000, 1, 1)
            mprotect(0x10000000, 4096, PROT_READ)
            madvise(0x10003000, 4096, MADV_COLD)
            memread(0x10001000, 1)
            """);
        foreach (CallRecord call in sequence.Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        Assert.Null(lockstep.Finish()?.ToString());
        Assert.Equal(factory.Surroundings.TransparentHugePages ? 1 : 0, lockstep.TakenApart);

        // A page that is not zero stays what it is, whatever the other side shows.
        AddressSpace space = lockstep.SpaceOf(0)!;
        space.Write(new VirtualAddress(0x1000_0000 + 0x2000), (byte)5);
        space.ShareZeroes(new AddressRange(new VirtualAddress(0x1000_0000), new ByteLength(2 << 20)));
        Assert.Equal((1, 5), (space.Read<byte>(new VirtualAddress(0x1000_1000)), space.Read<byte>(new VirtualAddress(0x1000_2000))));
        Assert.StartsWith("the present pages", lockstep.Finish()?.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_that_the_engine_does_not_have_are_left_out_and_counted()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        foreach (CallRecord call in Sequence("""
            mmap(0x10000000, 2097152, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            madvise(0x10000000, 2097152, MADV_COLLAPSE)
            madvise(0x10000000, 4096, MADV_HWPOISON)
            mmap(0x20000000, 2097152, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE, -1, 0)
            mmap(0x20000000, 2097152, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0)
            """).Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        Assert.Equal((2, 3), (lockstep.Executed, lockstep.Unmodelled));
    }

    [Fact]
    public void A_large_page_that_only_one_side_has_is_a_divergence()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun lockstep = factory.Begin(MovePolicy.PageShift);
        foreach (CallRecord call in Sequence("""
            mmap(0x10000000, 4194304, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            madvise(0x10000000, 4194304, MADV_HUGEPAGE)
            """).Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        lockstep.SpaceOf(0)!.Write(new VirtualAddress(0x1000_0000), (byte)0);
        Assert.StartsWith("the present pages", lockstep.Finish()?.Subject, StringComparison.Ordinal);
    }

    public static TheoryData<string> Explanations => [.. ((KnownDifference[])[KnownDifferences.BackgroundCollapse, KnownDifferences.NoLargePageFree, KnownDifferences.Reclaim]).Select(known => known.Name)];

    [Theory]
    [MemberData(nameof(Explanations))]
    public void What_the_kernel_did_by_itself_explains_a_difference_that_does_not_come_again(string name)
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        KnownDifference explanation = KnownDifferences.All.Single(known => known.Name == name);
        FuzzReport report = Judged(factory, "munmap(0x10000000, 4096)", explanation);
        Assert.Equal([KeyValuePair.Create(explanation, 1L)], report.Known);
        Assert.Empty(report.Unexplained);
    }

    [Fact]
    public void A_difference_that_does_not_come_again_and_has_no_explanation_is_reported()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        FuzzReport report = Judged(factory, "munmap(0x10000000, 4096)", explanation: null);
        Assert.Empty(report.Known);
        Assert.Equal(7, Assert.Single(report.Unexplained).SequenceNumber);
    }

    [Fact]
    public void A_difference_that_comes_again_is_a_divergence_whatever_the_kernel_did_in_the_first_run()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        KernelSurroundings kernel = factory.Surroundings.Kernel;
        factory.Surroundings = factory.Surroundings with { Kernel = new(kernel.MapBase, kernel.LowestHint, new VirtualAddress(0x40_3000)) };
        FuzzReport report = Judged(factory, "brk(0)", KnownDifferences.BackgroundCollapse);
        Assert.Empty(report.Known);
        Assert.Equal("the results", report.Finding?.Divergence.Subject);
    }

    [Fact]
    public void A_counter_that_moves_explains_and_one_that_does_not_is_silent()
    {
        using var activity = new KernelActivity();
        activity.Begin();
        if (activity.Explain() is { } busy)
            Assert.Skip($"the kernel is busy: {busy.Name}");
        using LockstepFactory factory = StartedFactory.OrSkip();
        CallSequence lazilyFreed = Sequence("""
            mmap(0x10000000, 1048576, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            memset(0x10000000, 1, 1048576)
            madvise(0x10000000, 1048576, MADV_FREE)
            madvise(0x10000000, 1048576, MADV_PAGEOUT)
            """);
        for (int i = 0; i < 20 && activity.Explain() is null; i++)
            Assert.Null(lazilyFreed.Execute(factory)?.ToString());
        Assert.Same(KnownDifferences.Reclaim, activity.Explain());
    }

    private static FuzzReport Judged(LockstepFactory factory, string log, KnownDifference? explanation)
    {
        CallSequence sequence = Sequence(log);
        var fuzzer = new Fuzzer(new FuzzOptions());
        fuzzer.Judge(factory, 7, sequence, new Divergence(sequence.Calls[0].Name, new Difference("the present pages", "nothing more", "10000000-10200000 Present")) { Index = 0, Explanation = explanation });
        return fuzzer.Report(factory);
    }
}
