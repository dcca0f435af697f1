using PageShift.Calls;
using PageShift.Moving;
using PageShift.Verification;
using Xunit;
using static PageShift.Tests.Lockstep.LockstepTests;

namespace PageShift.Tests.Lockstep;

/// <summary>One test for each entry of <see cref="KnownDifferences.All"/>.</summary>
public sealed class KnownDifferenceTests
{
    [Fact]
    public void Each_has_a_name_and_a_reason()
    {
        Assert.Equal(4, KnownDifferences.All.Count);
        Assert.All(KnownDifferences.All, known => Assert.True(known.Name.Length != 0 && known.Reason.Length != 0));
    }

    [Fact]
    public void The_engine_follows_the_kernels_draw_below_2_GiB()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using PageShift.Verification.Lockstep lockstep = factory.Begin(MovePolicy.PageShift);
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
        using PageShift.Verification.Lockstep lockstep = factory.Begin(MovePolicy.PageShift);
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
    public void A_large_page_that_only_one_side_has_ends_the_comparison()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using PageShift.Verification.Lockstep lockstep = factory.Begin(MovePolicy.PageShift);
        foreach (CallRecord call in Sequence("""
            mmap(0x10000000, 4194304, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            madvise(0x10000000, 4194304, MADV_HUGEPAGE)
            """).Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        lockstep.SpaceOf(0)!.Write(new VirtualAddress(0x1000_0000), (byte)0);
        Assert.Null(lockstep.Finish()?.ToString());
        Assert.Same(KnownDifferences.LargePagesWhereAskedFor, lockstep.EndedAt);
    }

    [Fact]
    public void A_single_page_that_only_one_side_has_is_a_divergence_there_too()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using PageShift.Verification.Lockstep lockstep = factory.Begin(MovePolicy.PageShift);
        foreach (CallRecord call in Sequence("""
            mmap(0x10000000, 1048576, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
            madvise(0x10000000, 1048576, MADV_HUGEPAGE)
            """).Calls)
            Assert.Null(lockstep.Step(call)?.ToString());
        lockstep.SpaceOf(0)!.Write(new VirtualAddress(0x1000_0000), (byte)0);
        Assert.StartsWith("the present pages", lockstep.Finish()?.Subject, StringComparison.Ordinal);
        Assert.Null(lockstep.EndedAt);
    }

    [Fact]
    public void A_difference_that_does_not_come_again_is_counted_and_ends_nothing()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        var fuzzer = new Fuzzer(new FuzzOptions());
        CallSequence agreeing = Sequence("munmap(0x10000000, 4096)");
        var once = new LockstepDivergence(0, agreeing.Calls[0], "the present pages", "nothing more", "10000000-10200000 Present");
        fuzzer.Confirm(factory, 7, agreeing, once);
        Assert.Equal((1, once), (fuzzer.Unrepeated, fuzzer.LastUnrepeated));
    }
}
