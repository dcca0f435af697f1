using PageShift.Moving;

namespace PageShift.Calls.Execution;

/// <summary>Sees the results of a log's execution, as they come.</summary>
public interface ILogObserver
{
    /// <summary>The call of <paramref name="record"/> is about to move page-table entries. <paramref name="move"/> is good during this call only.</summary>
    void OnMove(in CallRecord record, MoveObservation move);

    /// <summary>The engine's result is not what the log says (only when results are verified), or the log asks for what can't be.</summary>
    void OnDivergence(in Divergence divergence);
}

/// <summary>A place where engine and log disagree.</summary>
/// <param name="Line">The log's line.</param>
/// <param name="Call">The call's name.</param>
/// <param name="Expected">What the log says.</param>
/// <param name="Actual">What the engine says.</param>
public readonly record struct Divergence(long Line, string Call, string Expected, string Actual);
