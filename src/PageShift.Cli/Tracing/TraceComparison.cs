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
    /// <param name="settings">What is traced.</param>
    /// <param name="first">Is told the moves of the first run; null for nobody.</param>
    /// <param name="log">Takes the calls of the first run; null for nothing.</param>
    /// <exception cref="NotPossibleException">The command can't be traced.</exception>
    internal static TraceComparison Run(TraceSettings settings, ITraceOutput? first = null, TextWriter? log = null)
    {
        var input = new RepeatableInput();
        TraceReport asItIs = RunOnce(settings, first, log);
        bool isInputSame = input.TryRewind() || !Console.IsInputRedirected;
        TraceReport congruent = RunOnce(settings with { PlacesCongruent = true }, null, null);
        return new TraceComparison(asItIs, congruent, isInputSame);
    }

    private static TraceReport RunOnce(TraceSettings settings, ITraceOutput? told, TextWriter? log)
    {
        using var totals = new Totals(told);
        _ = TraceRun.Execute(settings, totals, log);
        return totals.Report!;
    }

    /// <summary>Keeps the sums, and passes the moves on. What is told of them is written when both runs have ended.</summary>
    private sealed class Totals(ITraceOutput? told) : ITraceOutput
    {
        internal TraceReport? Report { get; private set; }

        public bool WantsEveryPolicy(long earlierMoves) => told?.WantsEveryPolicy(earlierMoves) ?? false;

        public void Add(TracedMove move) => told?.Add(move);

        public void Finish(TraceReport report) => Report = report;

        public void Dispose()
        {
        }
    }
}
