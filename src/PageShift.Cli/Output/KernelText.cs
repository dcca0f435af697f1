using System.Globalization;
using PageShift.Cli.Words;
using PageShift.Linux.Probing;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.Verification.Following;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Output;

/// <summary>The running kernel's measured part of a report, as rows and sentences.</summary>
internal static class KernelText
{
    private const string Unknown = "-";

    /// <summary>What the kernel did for one move.</summary>
    internal static TextRow Row(KernelVersion version, KernelReport report)
    {
        MeasuredCost? cost = report.Move.Cost;
        return Row(version, report.Measurement.Verdict, report.Measurement.Extents, cost?.ZeroedAllocations, cost?.TlbFlushes, Confidence(report));
    }

    /// <summary>What it did for all moves together.</summary>
    internal static TextRow Row(KernelVersion version, KernelTotals totals)
    {
        MeasurementVerdict verdict = totals.Disagreements != 0 ? MeasurementVerdict.Disagreement : MeasurementVerdict.Agreement;
        return Row(version, verdict, totals.IsObserved ? totals.Extents : null, totals.IsObserved ? totals.TablesAllocated : null, totals.IsObserved ? totals.TlbFlushes : null, "");
    }

    /// <summary>In how many moves the kernel did what was predicted; null when it was not asked, or had nothing to move.</summary>
    internal static string? Conclusion(RunningKernel? running, KernelTotals totals)
    {
        if (running is not { } kernel || totals.Moves == 0)
            return null;
        string name = MovePolicyName.Of(kernel.Policy);
        if (totals.NotObservable == totals.Moves)
            return $"What this kernel ({kernel.Version.Release}) moves is not observable here: {totals.FirstReason}.";
        string time = totals.Nanoseconds == 0 ? "" : $"; its calls took {Time(totals.Nanoseconds)} in all";
        string unseen = totals.NotObservable == 0 ? "" : $" ({Describe.Number((ulong)totals.NotObservable)} more not observable here: {totals.FirstReason})";
        string there = totals.TablesThere == 0 ? "" : $"; {There(totals.TablesThere)}";
        (string did, long moves) = totals.Disagreements == 0 ? ("did", totals.Agreements) : ("did not do", totals.Disagreements);
        return $"This kernel ({kernel.Version.Release}) {did} what {name} predicts in {Describe.Count(moves, "move")} of {Describe.Number((ulong)(totals.Moves - totals.NotObservable))}{unseen}{there}{time}.";
    }

    /// <summary>Says that a program's moves were not counted.</summary>
    internal static string NotCounted(string reason) => $"note: the kernel's counters are missing: {reason}";

    /// <summary>A time in the largest unit that leaves three digits or more: "850 ns", "12.4 us", "3.52 ms".</summary>
    internal static string Time(long nanoseconds)
    {
        (decimal value, string unit) = nanoseconds switch
        {
            < 1_000 => ((decimal)nanoseconds, "ns"),
            < 1_000_000 => (nanoseconds / 1_000m, "us"),
            < 1_000_000_000 => (nanoseconds / 1_000_000m, "ms"),
            _ => (nanoseconds / 1_000_000_000m, "s"),
        };
        string format = unit == "ns" || value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {unit}";
    }

    private static string Confidence(KernelReport report) => $"{Verdict(report)}{(report.Move.Nanoseconds is { } nanoseconds ? $"; {Time(nanoseconds)}" : "")}";

    /// <summary>Whether the kernel did what was predicted: "agrees with linux-6.7".</summary>
    internal static string Verdict(KernelReport report)
    {
        string together = report.MovesOfCall == 1 ? "" : $" ({report.MovesOfCall} moves of this call together)";
        return report.Measurement.Verdict switch
        {
            MeasurementVerdict.Agreement => $"agrees with {MovePolicyName.Of(report.Predicting)}{together}{(report.TablesThere == 0 ? "" : $", {There(report.TablesThere)}")}",
            MeasurementVerdict.Disagreement => $"differs from {MovePolicyName.Of(report.Predicting)}{together}",
            _ => $"not observable here: {report.Move.Reason}",
        };
    }

    private static string There(long tables) => $"{Describe.Count(tables, "table")} without a page {(tables == 1 ? "was" : "were")} there already";

    private static TextRow Row(KernelVersion version, MeasurementVerdict verdict, long? extents, long? tables, long? flushes, string confidence)
    {
        string moved = extents is { } count ? Describe.Count(count, "extent") : Unknown;
        return new TextRow(verdict == MeasurementVerdict.Disagreement ? RowTone.Warning : RowTone.Plain,
        [
            $"{version}, measured",
            moved,
            tables is { } made ? $"{Describe.Number((ulong)made)}/{Unknown}" : Unknown,
            flushes is { } flushed ? Describe.Number((ulong)flushed) : Unknown,
            confidence,
        ]);
    }
}
