using Microsoft.Extensions.Time.Testing;
using PageShift.Cli.Progress;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>How far the work is, by a clock that the test moves.</summary>
public sealed class ProgressLineTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StringWriter _shown = new() { NewLine = "\n" };

    [Fact]
    public void It_speaks_after_two_seconds_and_not_before_and_then_again()
    {
        int done = 0;
        using var line = new ProgressLine(() => $"{++done} done", _shown, isTerminal: false, _clock);
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal("", _shown.ToString());
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("pageshift: 1 done\n", _shown.ToString());
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("pageshift: 1 done\npageshift: 2 done\npageshift: 3 done\n", _shown.ToString());
    }

    [Fact]
    public void What_has_not_changed_is_told_once_and_nothing_is_told_while_there_is_nothing()
    {
        string? state = null;
        using var line = new ProgressLine(() => state, _shown, isTerminal: false, _clock);
        _clock.Advance(TimeSpan.FromSeconds(10));
        state = "waiting";
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("pageshift: waiting\n", _shown.ToString());
    }

    [Fact]
    public void On_a_terminal_it_is_one_line_which_is_gone_at_the_end()
    {
        int done = 0;
        using (new ProgressLine(() => $"{++done} done", _shown, isTerminal: true, _clock))
            _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("\r\e[Kpageshift: 1 done\r\e[Kpageshift: 2 done\r\e[K", _shown.ToString());
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.EndsWith("2 done\r\e[K", _shown.ToString());
    }

    [Fact]
    public void Work_that_was_short_leaves_no_trace()
    {
        using (new ProgressLine(() => "never told", _shown, isTerminal: true, _clock))
            _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", _shown.ToString());
    }

    [Fact]
    public void The_environment_can_have_it_silent() => Assert.Null(ProgressLine.Begin(() => "never told")); // as it is set for all tests
}
