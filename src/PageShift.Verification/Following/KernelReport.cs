using PageShift.Linux.Probing;
using PageShift.Moving;

namespace PageShift.Verification.Following;

/// <summary>What the running kernel did for one move, and what that says about the policy that predicts it.</summary>
/// <param name="Predicting">The policy that fits the running kernel.</param>
/// <param name="Measurement">The counters turned back into what moved, and the verdict.</param>
/// <param name="Move">The counters and the time.</param>
/// <param name="MovesOfCall">The moves of the call, which are measured together.</param>
internal sealed record KernelReport(MovePolicy Predicting, MoveMeasurement Measurement, KernelMove Move, int MovesOfCall)
{
    /// <summary>Tables that were predicted and were there already, without a page; only where such tables were not seen.</summary>
    internal long TablesThere { get; init; }

    /// <summary>Judges what was predicted for all moves of a call by what was measured.</summary>
    internal static KernelReport Of(MovePolicy predicting, in MoveCost predicted, in KernelMove measured, int movesOfCall, bool knowsEmptyTables = true)
    {
        var prediction = new MovePrediction((long)predicted.TlbFlushes, (long)predicted.TablesAllocated, (long)(predicted.TlbFlushes - predicted.Extents)) { KnowsEmptyTables = knowsEmptyTables };
        var measurement = MoveMeasurement.Of(measured.Cost, prediction);
        bool agrees = measurement.Verdict == MeasurementVerdict.Agreement;
        return new KernelReport(predicting, measurement, measured, movesOfCall) { TablesThere = agrees ? prediction.TablesAllocated - measurement.TablesAllocated!.Value : 0 };
    }
}

/// <summary>The kernel's part of all moves together.</summary>
internal sealed class KernelTotals
{
    internal long Moves { get; private set; }

    internal long Agreements { get; private set; }

    internal long Disagreements { get; private set; }

    internal long Extents { get; private set; }

    internal long TablesAllocated { get; private set; }

    /// <summary>Tables that were predicted and were there already.</summary>
    internal long TablesThere { get; private set; }

    internal long TlbFlushes { get; private set; }

    internal long Nanoseconds { get; private set; }

    /// <summary>Why the first move that could not be observed could not be.</summary>
    internal string? FirstReason { get; private set; }

    internal long NotObservable => Moves - Agreements - Disagreements;

    /// <summary>Whether anything was counted: without it the sums of counts mean nothing.</summary>
    internal bool IsObserved => Agreements + Disagreements != 0;

    /// <summary>Adds the moves of one call.</summary>
    internal void Add(KernelReport report)
    {
        Moves += report.MovesOfCall;
        Nanoseconds += report.Move.Nanoseconds ?? 0;
        if (report.Move.Cost is not { } cost)
        {
            FirstReason ??= report.Move.Reason;
            return;
        }

        Extents += report.Measurement.Extents ?? 0;
        TablesAllocated += cost.ZeroedAllocations;
        TlbFlushes += cost.TlbFlushes;
        TablesThere += report.TablesThere;
        if (report.Measurement.Verdict == MeasurementVerdict.Agreement)
            Agreements += report.MovesOfCall;
        else
            Disagreements += report.MovesOfCall;
    }
}
