using PageShift.Moving;

namespace PageShift.Calls.Execution;

/// <summary>Sees the execution of a log, as it goes on.</summary>
public interface ILogObserver
{
    /// <summary>The call of <paramref name="record"/> is about to move page-table entries. <paramref name="move"/> is good during this call only.</summary>
    void OnMove(in CallRecord record, MoveObservation move);

    /// <summary>A record is about to be executed.</summary>
    void OnExecuting(in CallRecord record)
    {
    }

    /// <summary>A record has been executed. Calls that ran at the same time may come in another order than that in which they ended: in one that explains their results.</summary>
    void OnExecuted(in CallRecord record, in RecordOutcome outcome)
    {
    }
}
