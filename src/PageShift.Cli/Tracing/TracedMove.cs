using PageShift.Cli.Moves;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Tracing;

/// <summary>A move that a traced program made, with its explanation.</summary>
internal sealed class TracedMove(FollowedMove made)
{
    private MoveExplanation? _explanation;
    private MoveExplanation? _congruent;

    internal FollowedMove Made { get; } = made;

    /// <summary>Why each policy moves what it moves.</summary>
    internal MoveExplanation Explanation => _explanation ??= new MoveExplanation(MovePlaces.Of(Made.Request, Made.Congruence, PagingGeometry.X86), Made.Plans);

    /// <summary>The same for the same move to a congruent destination; null where there is none.</summary>
    internal MoveExplanation? Congruent => Made.Congruent is { } forecast
        ? _congruent ??= MoveExplanation.Of(forecast, Explanation.Places)
        : null;
}
