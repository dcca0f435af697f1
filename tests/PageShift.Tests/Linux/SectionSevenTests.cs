using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Probing;
using PageShift.Linux.Settings;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Linux;

public sealed class SectionSevenTests
{
    private const ulong Base = 0x2000_0000_0000;

    public static TheoryData<SectionSevenRow> Rows => new(SectionSevenRows.All);

    [Theory]
    [MemberData(nameof(Rows))]
    public void The_running_kernel_shows_the_figures_of_the_row(SectionSevenRow row)
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        using KernelProbe? probe = KernelProbe.TryAttach(executor, out string? reason);
        if (probe is null) Assert.Skip(reason ?? "no reason was given");
        if (KernelVersion.ReadRunning() is not { } version || !version.IsAtLeast(6, 17)) Assert.Skip("the figures are those of Linux 6.17 and later");
        if (row.InvolvesThp && KernelSettings.Read().TransparentHugePages == "never") Assert.Skip("large pages are switched off");

        foreach (RowCall call in RowScript.Read(row.Setup, Base)) Run(executor, call);
        RowCall move = Assert.Single(RowScript.Read(row.Move, Base));
        MeasuredCost cost = probe.Measure(out KernelOutcome outcome, move.Number, new(move[0], move[1], move[2], move[3], move[4]));

        Assert.Equal((Refusal.None, (long)move[4]), (outcome.Refusal, outcome.Result.Raw));
        Assert.Equal((row.TlbFlushes, row.ZeroedAllocations), (cost.TlbFlushes, cost.ZeroedAllocations));
    }

    private static void Run(KernelExecutor executor, RowCall call)
    {
        if (call.Name == "memset")
        {
            Assert.True(executor.Fill(new VirtualAddress(call[0]), (byte)call[1], new ByteLength(call[2])).IsComplete);
            return;
        }

        KernelOutcome outcome = executor.Invoke(call.Number, new(call[0], call[1], call[2], call[3], call[4], call[5]));
        Assert.True(outcome.Ran);
        Assert.Equal(Errno.None, outcome.Result.Error);
    }
}
