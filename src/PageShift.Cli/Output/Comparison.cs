using PageShift.Cli.Running;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Moving;

namespace PageShift.Cli.Output;

/// <summary>PageShift beside the newest Linux, in one sentence, which text and page show.</summary>
internal static class Comparison
{
    private const string NoMove = "No call moved a mapping.";

    /// <summary>Compares the moves of a log; null when only one of the two policies was asked for.</summary>
    internal static string? Of(RunReport report)
    {
        if (report.Statistics.Moves == 0)
            return NoMove;
        if (report.Under(MovePolicy.Linux67) is not { } linux || report.Under(MovePolicy.PageShift) is not { } ours)
            return null;
        return ours.Entries != 0 && ours.Entries == linux.Entries && report.NotCongruentMoves == report.Statistics.Moves
            ? "pageshift moves as many entries as linux-6.7: no destination is congruent with its source."
            : Of(linux, ours);
    }

    /// <summary>The figure that can be acted on: what congruent places would save, where that is more than a policy could; null when only one of the two policies was asked for.</summary>
    internal static string? Headline(RunReport report) => Congruent(report) ?? Of(report);

    /// <summary>What congruent places would save of a log; null where that is nothing, or no more than a policy could.</summary>
    internal static string? Congruent(RunReport report) => report.Under(MovePolicy.Linux67) is { } linux && report.Under(MovePolicy.PageShift) is { } ours
        ? Congruent(linux, ours, report.CongruentLinux, report.CongruentPageShift)
        : null;

    /// <summary>Compares the moves of a traced program.</summary>
    internal static string Of(TraceReport report) =>
        report.Statistics.Moves == 0 ? NoMove : Of(report.Under(MovePolicy.Linux67), report.Under(MovePolicy.PageShift));

    /// <summary>The figure that can be acted on: what congruent places would save, where that is more than a policy could.</summary>
    internal static string Headline(TraceReport report) =>
        Congruent(report.Under(MovePolicy.Linux67), report.Under(MovePolicy.PageShift), report.CongruentLinux, report.CongruentPageShift) ?? Of(report);

    private static string? Congruent(in MoveCost linux, in MoveCost ours, in MoveCost linuxPlaced, in MoveCost oursPlaced)
    {
        (string policy, MoveCost placed) = linuxPlaced.Entries < linux.Entries ? ("linux-6.7", linuxPlaced) : ("pageshift", oursPlaced);
        return placed.Entries == 0 || placed.Entries >= Math.Min(linux.Entries, ours.Entries)
            ? null
            : $"At congruent places {policy} would move {Describe.Entries(placed)} instead of {Describe.Entries(linux)}{Describe.Ratio(linux.Entries / (double)placed.Entries, ": ")}.";
    }

    /// <summary>Compares two costs: "pageshift moves 2 PMD where linux-6.7 moves 512 PTE: 2 entries instead of 512."</summary>
    internal static string Of(in MoveCost linux, in MoveCost ours)
    {
        if (ours.Entries != linux.Entries)
            return $"pageshift moves {Describe.Entries(ours)} where linux-6.7 moves {Describe.Entries(linux)}: {Describe.EntryCount(ours.Entries)} instead of {Describe.Number(linux.Entries)}.";
        return ours.Entries == 0 ? "No page was present, so no entry moved." : $"pageshift moves as many entries as linux-6.7: {Describe.Number(ours.Entries)}.";
    }
}
