using PageShift.Calls.Execution;

namespace PageShift.Verification.Following;

/// <summary>Receives what <see cref="TraceFollower"/> finds, on the tracing thread, while the thread that it is about is stopped.</summary>
public interface IFollowObserver
{
    /// <summary>A program has moved a mapping.</summary>
    void Moved(FollowedMove move);

    /// <summary>Engine and kernel differ.</summary>
    void Diverged(Divergence divergence);
}
