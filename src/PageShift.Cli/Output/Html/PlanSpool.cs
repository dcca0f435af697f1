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

    /// <summary>A move, in order: an array of <c>[runs of the plan, level, source, destination, slots, entries, ...]</c>, one for each policy.</summary>
    internal void Add(MoveExplanation move) => _plans.Add([.. move.Policies.Select(p => Row(p.Plan))], ReportJson.Default.UInt64ArrayArray);

    /// <summary>Writes what was kept: an object with the array <c>plans</c>, the page's title and conclusion, and the geometry: levels, bits of an index, and the end of the space.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="geometry">The shape of the page tables.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="conclusion">What there is to say of all moves, in one sentence; null for nothing.</param>
    /// <param name="shown">The line of the call whose move is shown first; null for the largest move.</param>
    internal void Finish(Stream output, PagingGeometry geometry, string title, string? conclusion, long? shown = null) => _plans.Finish(
        output, new PlansHead(title, conclusion, shown, [(ulong)geometry.Levels, (ulong)geometry.IndexBits(PageTableLevel.Pte), geometry.UserLimit.Value]), ReportJson.Default.PlansHead);

    private static ulong[] Row(PlannedMove plan) =>
        [(ulong)plan.RunCount, .. plan.Runs.SelectMany(run => (ulong[])[(ulong)run.Level, run.Source.Value, run.Destination.Value, run.Slots, run.Entries])];
}
