using PageShift.Cli.Moves;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;
using PageShift.Verification.Following;

namespace PageShift.Cli.Explaining;

/// <summary>A move with everything that explains it: the plans, and the tables before and after.</summary>
internal sealed record ExplainedMove
{
    internal required string Call { get; init; }

    /// <summary>Why each policy that was asked for moves what it moves, oldest policy first.</summary>
    internal required MoveExplanation Explanation { get; init; }

    /// <summary>The plan that is carried out.</summary>
    internal required ExecutedPlan Executed { get; init; }

    /// <summary>The ranges whose tables are kept: both places of the move, out to whole blocks of the highest level that was decided about.</summary>
    internal required AddressRange[] Surroundings { get; init; }

    internal required PageTableSnapshot Before { get; init; }

    internal PageTableSnapshot? After { get; init; }

    internal MovePlaces Places => Explanation.Places;

    internal IEnumerable<PlannedMove> Plans => Explanation.Policies.Select(p => p.Plan);
}

/// <summary>A plan with its steps, in their order.</summary>
internal sealed record ExecutedPlan(PlannedMove Plan, IReadOnlyList<MoveRun> Runs, bool IsDescending)
{
    /// <param name="plan">The plan.</param>
    /// <param name="scale">How many bits shorter its addresses are than those that are shown.</param>
    internal static ExecutedPlan Of(MovePlan plan, int scale) => new(PlannedMove.Of(plan).Scaled(scale), [.. plan.Runs.Select(run => run.Scaled(scale))], plan.IsDescending);
}
