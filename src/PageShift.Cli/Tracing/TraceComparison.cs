using PageShift.Linux.Tracing;

namespace PageShift.Cli.Tracing;

/// <summary>A program run twice: as it is, and with congruent places for the moves that leave theirs to the kernel.</summary>
/// <param name="AsItIs">The first run.</param>
/// <param name="Congruent">The second run.</param>
/// <param name="IsInputSame">False when standard input could not be read twice, so that the second run had what the first had left.</param>
internal sealed record TraceComparison(TraceReport AsItIs, TraceReport Congruent, bool IsInputSame)
{
    /// <summary>True when both ended alike.</summary>
    internal bool EndedAlike => AsItIs.Result!.Status.ShellStatus == Congruent.Result!.Status.ShellStatus;

    /// <summary>Runs the command that <paramref name="settings"/> name twice.</summary>
    /// <exception cref="NotPossibleException">The command can't be traced.</exception>
    internal static TraceComparison Run(TraceSettings settings)
    {
        var input = new RepeatableInput();
        TraceReport asItIs = RunOnce(settings with { CountsKernel = true });
        bool isInputSame = input.TryRewind() || !Console.IsInputRedirected;
        TraceReport congruent = RunOnce(settings with { CountsKernel = true, PlacesCongruent = true });
        return new TraceComparison(asItIs, congruent, isInputSame);
    }

    private static TraceReport RunOnce(TraceSettings settings)
    {
        using var totals = new Totals();
        _ = TraceRun.Execute(settings, totals, log: null);
        return totals.Report!;
    }

    /// <summary>Keeps the sums alone.</summary>
    private sealed class Totals : ITraceOutput
    {
        internal TraceReport? Report { get; private set; }

        public bool WantsEveryPolicy(long earlierMoves) => false;

        public void Add(TracedMove move)
        {
        }

        public void Finish(TraceReport report) => Report = report;

        public void Dispose()
        {
        }
    }
}
