using PageShift.Linux.Timing;
using Xunit;

namespace PageShift.Tests.Linux;

/// <summary>How much of the machine others use while something is measured.</summary>
public class MachineLoadTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static LoadSample Sample(int user, int idle, int own, int ofChildren, int running = 1) => LoadSample.Parse(
        $"cpu  {user} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\ncpu1 1 0 0 1 0 0 0 0 0 0\nintr 5\n",
        $"77 (a name) R) R 1 77 77 0 -1 4194304 100 0 0 0 {own} 0 {ofChildren} 0 20 0 1 0 100",
        $"0.10 0.20 0.30 {running}/90 1234")!.Value;

    [Fact]
    public void What_this_process_and_its_children_used_is_not_others()
    {
        OtherWork others = Sample(1000, 5000, 10, 20).OthersUntil(Sample(1130, 5070, 60, 70), Second, TimeSpan.Zero)!.Value;

        Assert.Equal((0.3, 2), (Math.Round(others.Processors, 6), others.Machine));
        Assert.True(others.IsBusy);
        Assert.Equal("other programs used 0.3 of 2 processors", others.ToString());
    }

    [Fact]
    public void Programs_that_were_followed_are_not_others_either_whoever_waits_for_them()
    {
        OtherWork others = Sample(1000, 5000, 10, 20).OthersUntil(Sample(1130, 5070, 60, 20), Second, TimeSpan.FromSeconds(0.7))!.Value;

        Assert.Equal(0.1, others.Processors, 6);
        Assert.False(others.IsBusy);
    }

    [Theory]
    [InlineData(9, 9, 2)]
    [InlineData(9, 2, 0)]
    [InlineData(1, 1, 0)]
    public void In_a_span_of_few_ticks_those_count_that_run_at_both_ends(int before, int after, double expected)
    {
        OtherWork others = Sample(1000, 5000, 0, 0, before).OthersUntil(Sample(1001, 5001, 0, 0, after), TimeSpan.FromMilliseconds(10), TimeSpan.Zero)!.Value;

        Assert.Equal(expected, others.Processors);
    }

    [Theory]
    [InlineData("", "77 (x) R 1 77 77 0 -1 4194304 100 0 0 0 1 0 0 0 20", "0.1 0.2 0.3 1/90 12")]
    [InlineData("cpu  1 2 3 4 5 6 7 8", "77 (x) R", "0.1 0.2 0.3 1/90 12")]
    [InlineData("cpu  1 2 3 4 5 6 7 8", "77 (x) R 1 77 77 0 -1 4194304 100 0 0 0 1 0 0 0 20", "")]
    public void Where_the_kernel_does_not_tell_nothing_is_known(string stat, string self, string loadAverage) => Assert.Null(LoadSample.Parse(stat, self, loadAverage));
}
