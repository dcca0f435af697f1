using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>Small programs end, traced, as they do by themselves. What is right is asked of the kernel first.</summary>
public sealed class TransparencyTests
{
    public static TheoryData<string> Children => SmallPrograms.CasesOf("children.c");

    public static TheoryData<string> Security => SmallPrograms.CasesOf("security.c");

    public static TheoryData<string> Sleepers => SmallPrograms.CasesOf("sleepers.c");

    [Theory]
    [MemberData(nameof(Children))]
    public void Children_end_and_are_waited_for_as_without_a_tracer(string name) => AssertSame(name, mayFilter: true);

    [Theory]
    [MemberData(nameof(Children))]
    public void Children_end_and_are_waited_for_where_every_call_stops(string name) => AssertSame(name, mayFilter: false);

    [Theory]
    [MemberData(nameof(Security))]
    public void Security_is_as_without_a_tracer(string name) => AssertSame(name, mayFilter: true);

    [Theory]
    [MemberData(nameof(Security))]
    public void Security_is_as_without_a_tracer_where_every_call_stops(string name) => AssertSame(name, mayFilter: false);

    [Theory]
    [MemberData(nameof(Sleepers))]
    public void A_thread_that_sleeps_in_a_call_is_not_disturbed_by_another_ones_moves(string name) => AssertSame(name, mayFilter: true);

    private static void AssertSame(string name, bool mayFilter)
    {
        (int status, string output) = CProgram.Run(SmallPrograms.Path, name);
        Assert.SkipWhen(status == SmallPrograms.Skipped, output);
        Assert.True(status is 0 or 137, output);

        TraceResult traced = TracedRun.Of(new EventRecorder { WithStandstill = static _ => true }, new TracedCommand(SmallPrograms.Path, name) { MayFilter = mayFilter });

        Assert.Equal(status, traced.Status.ShellStatus);
    }
}
