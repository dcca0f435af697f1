using PageShift.Cli.Explaining;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Running;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;

namespace PageShift.Cli.Output.Html;

/// <summary>What the page says of a run as a whole: the sentences of the text, and none of its own.</summary>
/// <param name="Title">What was run.</param>
/// <param name="Headline">The figure that can be acted on, in one sentence; null for nothing.</param>
/// <param name="Facts">What else there is to know of all moves, a sentence each.</param>
/// <param name="Advice">What the program could do, in lines: those that begin with a space are code.</param>
/// <param name="Notes">What limits the figures.</param>
internal sealed record PageWords(string Title, string? Headline, IReadOnlyList<string> Facts, IReadOnlyList<string> Advice, IReadOnlyList<string> Notes)
{
    /// <summary>Where the processor time went; null where nothing was traced.</summary>
    internal PageUsage? Usage { get; init; }

    internal static PageWords Of(RunReport report)
    {
        string? divergences = report.DivergenceCount == 0 ? null : $"{Describe.Count(report.DivergenceCount, "divergence")}.";
        return new PageWords(
            report.Settings.File == "-" ? "standard input" : report.Settings.File, Comparison.Headline(report),
            [.. new[] { Comparison.Congruent(report) is null ? null : Comparison.Of(report), KernelText.Conclusion(report.Settings.Kernel, report.Kernel), divergences, $"{Describe.Presence(report.Statistics, report.Settings.Populate)}." }.OfType<string>().Select(Sentence)], [], []);
    }

    internal static PageWords Of(TraceReport report)
    {
        bool hasMoves = report.Statistics.Moves != 0;
        IEnumerable<string> advice = hasMoves ? TraceAdvice.Lines(report) : TraceFindings.Of(report);
        return new PageWords(report.Settings.Subject, Comparison.Headline(report), [.. FactsOf(report)], [.. advice], [.. NotesOf(report)])
        {
            Usage = UsageRows.Note(report) is { } note ? new PageUsage(note, UsageRows.Of(report)) : null,
        };
    }

    internal static PageWords Of(TraceComparison comparison)
    {
        string[] conclusion = [.. TraceComparisonText.Conclusion(comparison)];
        PageWords first = Of(comparison.AsItIs);
        IEnumerable<string> facts = [.. conclusion.Skip(1), .. PlacementText.Of(comparison.Congruent.Statistics), .. comparison.AsItIs.Statistics.Moves == 0 ? [] : (string[])[Comparison.Headline(comparison.AsItIs)]];
        return first with { Headline = conclusion[0], Facts = [.. facts.Select(f => f.Trim())], Notes = [.. TraceComparisonText.Notes(comparison).Concat(first.Notes).Distinct()] };
    }

    private static IEnumerable<string> FactsOf(TraceReport report)
    {
        if (report.Statistics.Moves == 0)
            yield break;
        UsageShare? moves = UsageShares.Of(report).FirstOrDefault(s => s.Name == UsageShares.Moves);
        string? worth = TraceAdvice.Worth(report);
        if (moves is { Nanoseconds: { } time })
            yield return Sentence($"{moves.Words} took {KernelText.Time(time)}{(worth is null && moves.Part is { } part ? $", {TraceText.Percent(part)} of the processor time" : "")}.");
        if (worth is not null)
            yield return worth;
        string asMade = Comparison.Of(report);
        if (asMade != Comparison.Headline(report))
            yield return asMade;
        if (KernelText.Conclusion(report.Settings.Kernel, report.Kernel) is { } measured)
            yield return measured;
        foreach ((MoveObstacle obstacle, long count) in report.Obstacles.OrderBy(o => o.Key))
            yield return $"{Describe.Count(count, "move")}: {MoveObstacles.Words(obstacle)}.";
        foreach (string line in PlacementText.Of(report.Statistics))
            yield return line.Trim();
    }

    private static IEnumerable<string> NotesOf(TraceReport report)
    {
        if (report.Others is { IsBusy: true } others)
            yield return $"note: the machine was busy ({others}): the times mean little";
        if ((report.Statistics.WhyNotCounted ?? report.Settings.WhyNoKernel) is { } reason)
            yield return KernelText.NotCounted(reason);
        if (report.Statistics.Divergences != 0)
            yield return $"note: engine and kernel differed in {Describe.Count(report.Statistics.Divergences, "place")}";
    }

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";
}
