using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
using PageShift.Cli.Running;
using PageShift.Linux.Probing;
using PageShift.Moving;
using PageShift.Verification.Following;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Output.Json;

/// <summary>The report of <c>run</c> as JSON, schema 1 (docs/json.md).</summary>
internal sealed class RunJson(Stream output, bool isIndented = true) : IRunOutput
{
    private readonly JsonSpool _moves = new("moves", isIndented);

    public void Dispose() => _moves.Dispose();

    public void Add(MoveReport move) => _moves.Add(RunMove.Of(move), ReportJson.Default.RunMove);

    public void Finish(RunReport report) => Write(report, output);

    /// <summary>Writes everything to a stream of the caller's.</summary>
    internal void Write(RunReport report, Stream to) => _moves.Finish(to, RunHead.Of(report), ReportJson.Default.RunHead);
}

/// <summary>What comes before the moves.</summary>
internal sealed record RunHead(int Schema, string File, long Calls, IEnumerable<RunDivergence> Divergences, long DivergenceCount, string? Verdict, RunLog Log, RunKernel? Kernel)
{
    internal static RunHead Of(RunReport report) => new(
        Schema: 1, report.Settings.File, report.Statistics.Calls, report.Divergences.Select(d => new RunDivergence(d.File, d.Found.Line, d.Found.Call, d.Found.Kernel, d.Found.Engine)), report.DivergenceCount,
        VerdictOf(report), RunLog.Of(report), RunKernel.Of(report.Settings.Kernel, report.Kernel, report.KernelDivergences));

    private static string? VerdictOf(RunReport report)
    {
        if (!report.Settings.Verify)
            return null;
        return report.HasDivergence ? "diverged" : report.HasNoVerdict ? "nothingChecked" : "verified";
    }
}

/// <summary>A call that ended otherwise than the log says.</summary>
internal sealed record RunDivergence(string? File, long Line, string Call, string Expected, string Actual);

/// <summary>A result that nothing in the log explains.</summary>
internal sealed record RunUnexplained(string? File, long Line, string Call, string Error, string Cause);

/// <summary>What else the log held.</summary>
internal sealed record RunLog(
    string Populate, string? Arch, int? PageSize, int? AddressBits, string? TakenBecause, string? MoveRule, long Lines, long Warnings, long NoiseLines, IEnumerable<string> NoiseAt, long CheckedCalls, long CallsWithoutResult, long AddressSpaces, long FailedCalls, long DifferentResults, long UnexplainedResults, IReadOnlyDictionary<string, long> UnexplainedErrors, IEnumerable<RunUnexplained> UnexplainedAt, long UnsupportedCalls, IEnumerable<string> UnsupportedNames,
    long UnknownCalls, IEnumerable<string> UnknownNames, long InjectedCalls, long UnknownOutcomes, long UncertainThreads, long InferredMappings, ulong InferredBytes, long LeftUnpopulated)
{
    internal static RunLog Of(RunReport report)
    {
        LogStatistics log = report.Statistics;
        Machine? machine = report.Settings.MachineRequest is null ? null : report.Settings.Machine;
        return new RunLog(
            ReportJson.NameOf(report.Settings.Populate), machine is null ? null : ArchitectureName.Of(machine.Architecture), machine is null ? null : 1 << machine.PageShift, machine?.AddressBits,
            string.IsNullOrEmpty(machine?.Because) ? null : machine.Because, machine?.MoveRule, report.Counts.Lines, report.Counts.Warnings, report.Counts.NoiseLines, report.Noise.Select(lines => lines.ToString()),
            report.Tally.Checked, report.Tally.WithoutResult, log.AddressSpaces, log.FailedCalls, log.DifferentResults, log.UnexplainedResults, log.UnexplainedErrors, report.Unexplained.Select(result => new RunUnexplained(result.File, result.Line, result.Call, result.Error, result.Cause)), report.Tally.Unmodelled,
            report.Tally.UnmodelledNames, report.Tally.Unknown, report.Tally.UnknownNames, report.Tally.Injected, log.UnknownOutcomes, log.UncertainThreads, log.InferredMappings, log.InferredBytes, log.LeftUnpopulated);
    }
}

/// <summary>The running kernel's part of all moves.</summary>
internal sealed record RunKernel(
    string Release, string PredictedBy, long Agreements, long Disagreements, long NotObservable, long? Nanoseconds, IEnumerable<RunKernelDivergence>? Divergences)
{
    /// <param name="running">The kernel; null when it was not asked.</param>
    /// <param name="totals">What it did.</param>
    /// <param name="divergences">Where it differed from the engine; null where others tell that.</param>
    internal static RunKernel? Of(RunningKernel? running, KernelTotals totals, IEnumerable<PlacedDivergence>? divergences) => running is not { } kernel ? null : new(
        kernel.Version.Release, MovePolicyName.Of(kernel.Policy), totals.Agreements, totals.Disagreements, totals.NotObservable, totals.Nanoseconds == 0 ? null : totals.Nanoseconds,
        divergences?.Select(d => new RunKernelDivergence(d.File, d.Found.Line, d.Found.Call, d.Found.Engine, d.Found.Kernel)));
}

/// <summary>A call at which engine and running kernel part.</summary>
internal sealed record RunKernelDivergence(string? File, long Line, string Call, string Engine, string Kernel);

/// <summary>A move.</summary>
internal sealed record RunMove(
    string? File, long Line, int Thread, string Call, string Old, string New, ulong Length, string Congruent, string? Remedy, IEnumerable<PolicyJson> Policies, PlacementJson? CongruentPlacement, RunMoveKernel? Kernel)
{
    internal static RunMove Of(MoveReport move) => new(
        move.File, move.Line, move.ThreadId, move.Call, move.Request.Old.ToString(), move.Request.New.ToString(), move.Request.Length.Value, ReportJson.NameOf(move.Congruence),
        move.Explanation.Remedy, PolicyJson.Of(move.Explanation), PlacementJson.Of(move.Congruent, move.CongruentExplanation), move.Kernel is { } kernel ? RunMoveKernel.Of(kernel) : null);
}

/// <summary>The running kernel's part of a move.</summary>
internal sealed record RunMoveKernel(
    string PredictedBy, string Verdict, int MovesOfCall, long? Extents, long? TablesAllocated, long? TlbFlushes, long? Nanoseconds, string? Reason, string Text)
{
    internal static RunMoveKernel Of(KernelReport kernel)
    {
        MeasuredCost? cost = kernel.Move.Cost;
        return new RunMoveKernel(
            MovePolicyName.Of(kernel.Predicting), ReportJson.NameOf(kernel.Measurement.Verdict), kernel.MovesOfCall, cost is null ? null : kernel.Measurement.Extents ?? 0,
            cost?.ZeroedAllocations, cost?.TlbFlushes, kernel.Move.Nanoseconds, kernel.Move.Reason, KernelText.Verdict(kernel));
    }
}
