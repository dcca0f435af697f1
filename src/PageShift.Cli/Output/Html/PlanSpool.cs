using PageShift.Cli.Moves;
using PageShift.Cli.Output.Json;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output.Html;

/// <summary>Keeps, for the page, what the JSON of a move does not say: for each policy the runs that move.</summary>
internal sealed class PlanSpool : IDisposable
{
    private readonly JsonSpool _plans = new("plans", isIndented: false);

    public void Dispose() => _plans.Dispose();

    /// <summary>A move, in order: an array of <c>[runs of the plan, level, source, destination, slots, entries, ...]</c>, one for each policy, and then for each policy at a congruent
    /// place, if there is one.</summary>
    internal void Add(MoveExplanation move, MoveExplanation? congruent = null) =>
        _plans.Add([.. move.Policies.Concat(congruent?.Policies ?? []).Select(p => Row(p.Plan))], ReportJson.Default.UInt64ArrayArray);

    /// <summary>Writes what was kept: an object with the array <c>plans</c>, the page's words, and the geometry: the end of the space, the base-2 logarithm of the page size, and the bits of an index at each level.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="geometry">The shape of the page tables.</param>
    /// <param name="words">What the page says.</param>
    /// <param name="shown">The line of the call whose move is shown first; null for the largest move.</param>
    /// <param name="comparison">The two runs side by side, if there were two.</param>
    internal void Finish(Stream output, PagingGeometry geometry, PageWords words, long? shown = null, IEnumerable<ComparedRow>? comparison = null) => _plans.Finish(
        output,
        new PlansHead(words.Title, words.Headline, words.Facts, words.Advice, words.Notes, shown, ShapeOf(geometry), comparison, words.Usage),
        ReportJson.Default.PlansHead);

    private static ulong[] ShapeOf(PagingGeometry geometry) =>
        [geometry.UserLimit.Value, (ulong)geometry.SpanShift(PageTableLevel.Pte), .. Enumerable.Range(0, geometry.Levels).Select(level => (ulong)geometry.IndexBits((PageTableLevel)level))];

    private static ulong[] Row(PlannedMove plan) =>
        [(ulong)plan.RunCount, .. plan.Runs.SelectMany(run => (ulong[])[(ulong)run.Level, run.Source.Value, run.Destination.Value, run.Slots, run.Entries])];
}
