using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification;

namespace PageShift.Cli.Explaining;

/// <summary>A move with everything that explains it: the plans, and the tables before and after.</summary>
internal sealed record ExplainedMove
{
    private AddressRange[]? _stays;

    internal required string Call { get; init; }

    internal required MoveRequest Request { get; init; }

    internal required PageTableLevel Congruence { get; init; }

    internal required PagingGeometry Geometry { get; init; }

    /// <summary>The plans that were asked for, oldest policy first.</summary>
    internal required IReadOnlyList<PlannedMove> Plans { get; init; }

    /// <summary>The plan that is carried out.</summary>
    internal required ExecutedPlan Executed { get; init; }

    /// <summary>The ranges whose tables are kept: both places of the move, out to whole blocks of the highest level that was decided about.</summary>
    internal required AddressRange[] Surroundings { get; init; }

    internal required PageTableSnapshot Before { get; init; }

    internal PageTableSnapshot? After { get; init; }

    internal bool IsDownward => Request.New < Request.Old;

    internal ulong SpanOf(PageTableLevel level) => Geometry.Span(level).Value;

    /// <summary>The same move, shifted: where an address of the source goes.</summary>
    internal ulong Destination(ulong source) => unchecked(source + (Request.New.Value - Request.Old.Value));

    /// <summary>What is occupied near the move and is not part of it, lowest first.</summary>
    internal IReadOnlyList<AddressRange> Neighbours => _stays ??= [.. OccupiedRanges.In(Before, Geometry).SelectMany(r => OccupiedRanges.Without(r, Request.Source))];

    /// <summary>The decisions about one end, from the highest level down.</summary>
    internal static IEnumerable<BoundaryDecision> At(PlannedMove plan, MoveEnd end) => plan.Boundaries.Where(b => b.End == end);
}

/// <summary>A plan with its steps, in their order.</summary>
internal sealed record ExecutedPlan(PlannedMove Plan, IReadOnlyList<MoveRun> Runs, bool IsDescending)
{
    internal static ExecutedPlan Of(MovePlan plan) => new(PlannedMove.Of(plan), [.. plan.Runs], plan.IsDescending);
}
