using System.Runtime.InteropServices;
using PageShift.Cli.Commands;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>What long work does at signals.</summary>
public sealed class InterruptionTests
{
    [Theory]
    [InlineData(PosixSignal.SIGINT, 2)]
    [InlineData(PosixSignal.SIGTERM, 15)]
    public void The_first_signal_lets_the_work_end_and_the_second_ends_the_process(PosixSignal signal, int number)
    {
        using var interruption = new Interruption();
        var first = new PosixSignalContext(signal);
        var second = new PosixSignalContext(signal);

        interruption.Stop(first);
        Assert.True(interruption.Token.IsCancellationRequested);
        interruption.Stop(second);

        Assert.Equal((true, false), (first.Cancel, second.Cancel));
        Assert.Equal(number, interruption.Signal);
    }
}
