using System.Globalization;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>The report of <c>trace --compare</c> for people: the two runs side by side.</summary>
internal static class TraceComparisonText
{
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

    private static IEnumerable<TextRow> Rows(TraceComparison comparison)
    {
        yield return Row("exit code", r => r.Result!.Status.ShellStatus.ToString(CultureInfo.InvariantCulture));
        yield return Row("memory calls", r => Number(r.Result!.Statistics.CompletedCalls));
        yield return Row("moves", r => Number(r.Statistics.Moves));
        yield return Row("  of these congruent", r => Number(r.CongruentMoves));
        yield return Row("  entries, linux-6.7", r => Describe.Entries(r.Under(MovePolicy.Linux67)));
        yield return Row("  entries, pageshift", r => Describe.Entries(r.Under(MovePolicy.PageShift)));
        yield return Row("  time in the kernel", r => KernelText.Time(MoveTime(r)), RowTone.Good);
        if (IsCounted(comparison))
        {
            yield return Row("  TLB flushes, counted by the kernel", r => Number(r.Statistics.CountedFlushes));
            yield return Row("  page tables allocated, counted by the kernel", r => Number(r.Statistics.CountedAllocations));
        }

        yield return Row("page faults", r => r.Result!.Statistics.Usage is { } usage ? Number(usage.MinorFaults + usage.MajorFaults) : "-");
        yield return Row("processor time of the program", r => KernelText.Time(UsageShares.ProcessorTimeOf(r)));

        TextRow Row(string name, Func<TraceReport, string> value, RowTone tone = RowTone.Plain) => new(tone, [name, value(comparison.AsItIs), value(comparison.Congruent)]);
    }

    private static IEnumerable<string> Conclusion(TraceComparison comparison)
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

    private static IEnumerable<string> Notes(TraceComparison comparison)
    {
        if (!comparison.IsInputSame)
            yield return "note: standard input can't be read twice; the second run had what the first had left";
        if (comparison.AsItIs.Statistics.Moves != 0 && !IsCounted(comparison))
            yield return $"note: the kernel's counters are missing: {comparison.AsItIs.Statistics.WhyNotCounted}";
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

    private static bool IsCounted(TraceComparison comparison) => comparison.AsItIs.Statistics.WhyNotCounted is null;

    private static string Number(long count) => Describe.Number((ulong)count);
}
