using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>What a follower can't see does not make it part from the kernel: what faults have done, what calls do that are not modelled, and what is no
/// ordinary memory. What is right is asked of the kernel first.</summary>
public sealed class UnseenChangeTests
{
    public static TheoryData<string> Growth => SmallPrograms.CasesOf("growth.c");

    public static TheoryData<string> Identity => SmallPrograms.CasesOf("identity.c");

    public static TheoryData<string> Special => SmallPrograms.CasesOf("special.c");

    public static TheoryData<string> Ends => SmallPrograms.CasesOf("ends.c");

    [Theory]
    [MemberData(nameof(Growth))]
    public void Memory_that_faults_have_extended_stays_in_step_and_replays(string name)
    {
        FollowedRun run = AssertAgreement(name);

        Assert.Equal(0, run.Statistics.UnmodelledCalls);
    }

    [Theory]
    [MemberData(nameof(Identity))]
    public void Page_offsets_identities_and_locks_outlast_what_is_not_modelled(string name) => AssertAgreement(name);

    [Theory]
    [MemberData(nameof(Special))]
    public void Memory_of_other_kinds_stays_in_step(string name) => AssertAgreement(name);

    [Theory]
    [MemberData(nameof(Ends))]
    public void Calls_at_the_end_of_all_memory_and_beyond_stay_in_step(string name) => AssertAgreement(name);

    [Theory]
    [InlineData("ranges_of_a_userfaultfd", "userfaultfd")]
    [InlineData("large_pages_of_hugetlbfs", "hugetlbfs")]
    public void Ranges_that_are_not_modelled_are_counted_by_what_they_are(string name, string kind)
    {
        FollowedRun run = AssertAgreement(name);

        Assert.True(run.Statistics.UnmodelledRanges[kind] > 0);
        Assert.Equal([kind], run.Statistics.UnmodelledRanges.Keys);
    }

    private static FollowedRun AssertAgreement(string name)
    {
        (int status, string output) = CProgram.Run(SmallPrograms.Path, name);
        Assert.SkipWhen(status == SmallPrograms.Skipped, output);
        Assert.True(status == 0, output);

        FollowedRun run = FollowedRun.Of(SmallPrograms.Path, name);

        Assert.Equal(0, run.Trace.Status.ShellStatus);
        Assert.True(run.Divergences.Count == 0, string.Join('\n', run.Divergences));
        Assert.Equal(0, run.Statistics.AbandonedSpaces);
        return run;
    }
}
