using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Verification.Following;

/// <summary>Receives what <see cref="TraceFollower"/> finds, on the tracing thread, while the thread that it is about is stopped.</summary>
public interface IFollowObserver
{
    /// <summary>Which policies a move is to be planned under, of all that the program makes: linux-6.7 and pageshift at least, oldest first.</summary>
    /// <param name="earlierMoves">How many moves were made before.</param>
    internal IReadOnlyList<MovePolicy> PoliciesFor(long earlierMoves) => MovePolicyName.All;

    /// <summary>A program has moved a mapping.</summary>
    void Moved(FollowedMove move);

    /// <summary>Engine and kernel differ.</summary>
    void Diverged(Divergence divergence);
}
