using System.Globalization;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Moving;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>trace --compare</c> for people: the two runs side by side.</summary>
internal static class TraceComparisonText
{
    private const string MoveTimeName = "  time in the kernel";

    private static readonly TextColumn[] Columns = [new("", IsNumber: false), new("as it is", IsNumber: true), new("congruent places", IsNumber: true)];

    internal static void Write(TraceComparison comparison, Stream stream)
    {
        TraceSettings settings = comparison.AsItIs.Settings;
        using TextReport output = settings.ReportFile is null ? TextReport.OnStandardError() : TextReport.Plain(new StreamWriter(stream));
        output.Line();
        output.Line($"pageshift trace --compare {settings.Subject}");
        output.Line();
        output.Table(Columns, [.. Rows(comparison)]);
        output.Line();
        foreach (string line in Conclusion(comparison).Concat(PlacementText.Of(comparison.Congruent.Statistics)).Concat(Notes(comparison)))
            output.Line(line);
    }

    private static IEnumerable<TextRow> Rows(TraceComparison comparison) =>
        Figures(comparison).Select(f => new TextRow(f.Name == MoveTimeName ? RowTone.Good : RowTone.Plain, [f.Name, f.AsItIs, f.Congruent]));

    /// <summary>The figures of the two runs, in the order in which they are shown.</summary>
    internal static IEnumerable<ComparedRow> Figures(TraceComparison comparison)
    {
        yield return Row("exit code", r => r.Result!.Status.ShellStatus.ToString(CultureInfo.InvariantCulture));
        yield return Count("memory calls", r => r.Result!.Statistics.CompletedCalls);
        yield return Count("moves", r => r.Statistics.Moves);
        yield return Count("  of these congruent", r => r.CongruentMoves);
        yield return Row("  entries, linux-6.7", r => Describe.Entries(r.Under(MovePolicy.Linux67)), r => (long)r.Under(MovePolicy.Linux67).Entries);
        yield return Row("  entries, pageshift", r => Describe.Entries(r.Under(MovePolicy.PageShift)), r => (long)r.Under(MovePolicy.PageShift).Entries);
        yield return Row(MoveTimeName, r => KernelText.Time(MoveTime(r)), MoveTime);
        if (IsCounted(comparison))
        {
            yield return Count("  TLB flushes, counted by the kernel", r => r.Statistics.CountedFlushes);
            yield return Count("  page tables allocated, counted by the kernel", r => r.Statistics.CountedAllocations);
        }

        yield return comparison.AsItIs.Result!.Statistics.Usage is null || comparison.Congruent.Result!.Statistics.Usage is null
            ? Row("page faults", r => FaultsOf(r) is { } faults ? Number(faults) : "-")
            : Count("page faults", r => FaultsOf(r)!.Value);
        yield return Row("processor time of the program", r => KernelText.Time(UsageShares.ProcessorTimeOf(r)), UsageShares.ProcessorTimeOf);

        ComparedRow Count(string name, Func<TraceReport, long> value) => Row(name, r => Number(value(r)), value);

        ComparedRow Row(string name, Func<TraceReport, string> words, Func<TraceReport, long>? value = null) =>
            new(name, words(comparison.AsItIs), words(comparison.Congruent), value?.Invoke(comparison.AsItIs), value?.Invoke(comparison.Congruent));
    }

    private static long? FaultsOf(TraceReport report) => report.Result!.Statistics.Usage is { } usage ? usage.MinorFaults + usage.MajorFaults : null;

    internal static IEnumerable<string> Conclusion(TraceComparison comparison)
    {
        if (!comparison.EndedAlike)
            yield return "The program did not end alike: the figures are not of the same work.";
        if (comparison.AsItIs.Statistics.Moves == 0)
        {
            yield return "No call moved a mapping.";
            yield break;
        }

        long before = MoveTime(comparison.AsItIs), after = MoveTime(comparison.Congruent), all = UsageShares.ProcessorTimeOf(comparison.AsItIs);
        string share = all == 0 ? "" : $", {TraceText.Percent(Math.Abs(before - after) / (double)all)} of the program's processor time";
        yield return after < before
            ? $"With congruent places its moves take {KernelText.Time(before - after)} less{share}."
            : $"With congruent places its moves take {KernelText.Time(after - before)} more{share}: they do not help here.";
    }

    internal static IEnumerable<string> Notes(TraceComparison comparison)
    {
        if (!comparison.IsInputSame)
            yield return "note: standard input can't be read twice; the second run had what the first had left";
        if (comparison.AsItIs.Statistics.Moves != 0 && !IsCounted(comparison))
            yield return KernelText.NotCounted(comparison.AsItIs.Statistics.WhyNotCounted ?? comparison.AsItIs.Settings.WhyNoKernel!);
        if ((comparison.AsItIs.Others is { IsBusy: true } busy ? busy : comparison.Congruent.Others) is { IsBusy: true } others)
            yield return $"note: the machine was busy ({others}): the times mean little";
        foreach (TraceReport report in (TraceReport[])[comparison.AsItIs, comparison.Congruent])
        {
            if (report.Statistics.Divergences != 0)
                yield return $"note: engine and kernel differed in {Describe.Count(report.Statistics.Divergences, "place")}: 'pageshift trace' shows them";
        }
    }

    /// <summary>The time of all moves, without what tracing adds.</summary>
    internal static long MoveTime(TraceReport report)
    {
        CallTime time = report.Time.Without(report.Statistics, report.Statistics.Moves);
        return time.Processor ?? time.Elapsed;
    }

    private static bool IsCounted(TraceComparison comparison) => IsCounted(comparison.AsItIs);

    /// <summary>True where the kernel's counters were read.</summary>
    internal static bool IsCounted(TraceReport report) => report.Settings.Kernel is not null && report.Statistics.WhyNotCounted is null;

    private static string Number(long count) => Describe.Number((ulong)count);
}
