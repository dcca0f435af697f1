using PageShift.Moving;

namespace PageShift.Calls.Execution;

/// <summary>Sees the moves of a log's execution, as they come.</summary>
public interface ILogObserver
{
    /// <summary>The call of <paramref name="record"/> is about to move page-table entries. <paramref name="move"/> is good during this call only.</summary>
    void OnMove(in CallRecord record, MoveObservation move);
}
