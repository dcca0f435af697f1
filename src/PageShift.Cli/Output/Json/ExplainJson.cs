using PageShift.Cli.Explaining;
using PageShift.Cli.Moves;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Output.Json;

/// <summary>The explanation of moves as JSON, schema 1 (docs/json.md).</summary>
internal static class ExplainJson
{
    /// <summary>Writes the moves of one call to standard output.</summary>
    internal static void Write(LogPlace? place, Explanation explanation) => ReportJson.Write(
        new ExplainDocument(
            Schema: 1, place?.File, place?.Line, ReportJson.NameOf(explanation.Settings.Populate), explanation.Counts.Warnings, explanation.Counts.NoiseLines, explanation.Moves.Select(ExplainMove.Of)),
        ReportJson.Default.ExplainDocument);
}

/// <summary>What is said about a call.</summary>
internal sealed record ExplainDocument(int Schema, string? File, long? Line, string Populate, long Warnings, long NoiseLines, IEnumerable<ExplainMove> Moves);

/// <summary>A move, its steps, and the root table before and after.</summary>
internal sealed record ExplainMove(
    string Call, string Old, string New, ulong Length, string Congruent, string? Remedy, IEnumerable<PolicyJson> Policies, IEnumerable<ExplainReason> Reasons, string Executed,
    IEnumerable<ExplainStep> Steps, ExplainTable Before, ExplainTable After)
{
    internal static ExplainMove Of(ExplainedMove move)
    {
        MovePlaces places = move.Places;
        ExecutedPlan executed = move.Executed;
        var marks = new MoveMarks(executed.Runs, places.Geometry);
        return new ExplainMove(
            move.Call, places.Old.ToString(), places.New.ToString(), places.Length.Value, ReportJson.NameOf(places.Congruence), move.Explanation.Remedy, PolicyJson.Of(move.Explanation),
            move.Explanation.Policies.SelectMany(ExplainReason.Of), MovePolicyName.Of(executed.Plan.Policy), executed.Runs.Select((run, i) => ExplainStep.Of(run, marks.OfRun(i))),
            ExplainTable.Of(move.Before, places.Geometry, marks, isAfter: false), ExplainTable.Of(move.After!, places.Geometry, marks, isAfter: true));
    }
}

/// <summary>Why a boundary block moves whole or is opened: what the boundary says too, for all policies in one list.</summary>
internal sealed record ExplainReason(string Policy, string End, string Level, string Reason, string? Remedy)
{
    internal static IEnumerable<ExplainReason> Of(PolicyExplanation policy) => policy.Boundaries.Select(b => new ExplainReason(
        MovePolicyName.Of(policy.Plan.Policy), ReportJson.NameOf(b.Decision.End), ReportJson.NameOf(b.Decision.Level), b.Reason, b.Remedy));
}

/// <summary>Entries that move together.</summary>
internal sealed record ExplainStep(string Marks, string Level, string Source, string Destination, ulong Slots, ulong Entries)
{
    internal static ExplainStep Of(MoveRun run, string marks) =>
        new(marks, ReportJson.NameOf(run.Level), run.Source.ToString(), run.Destination.ToString(), run.Slots, run.Entries);
}

/// <summary>A page table near the move.</summary>
internal sealed record ExplainTable(string Level, string Start, int Live, IEnumerable<ExplainSlots> Occupied)
{
    internal static ExplainTable Of(PageTableSnapshot table, PagingGeometry geometry, MoveMarks marks, bool isAfter) =>
        new(ReportJson.NameOf(table.Level), table.Start.ToString(), table.LiveEntries, SlotsOf(table, geometry, marks, isAfter));

    private static IEnumerable<ExplainSlots> SlotsOf(PageTableSnapshot table, PagingGeometry geometry, MoveMarks marks, bool isAfter)
    {
        ByteLength span = geometry.Span(table.Level);
        foreach (PageTableSlots slots in table.Slots)
        {
            for (int at = slots.First; at < slots.First + slots.Count;)
            {
                string? mark = marks.At(table.Level, table.Start + (span * (ulong)at), isAfter, out ulong alike);
                int count = (int)Math.Min((ulong)(slots.First + slots.Count - at), alike);
                yield return new ExplainSlots(at, count, mark, slots.Table is { } below ? Of(below, geometry, marks, isAfter) : null);
                at += count;
            }
        }
    }
}

/// <summary>Occupied slots that are treated the same.</summary>
internal sealed record ExplainSlots(int First, int Count, string? Mark, ExplainTable? Table);
