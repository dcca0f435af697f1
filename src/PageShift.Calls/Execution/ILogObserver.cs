using PageShift.Moving;

namespace PageShift.Calls.Execution;

/// <summary>Sees the execution of a log, as it goes on. Records are as the log has them; a move is in the engine's addresses, also where the log's pages are larger than 4 KiB.</summary>
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

/// <summary>Sees also what the moves of a log would be at congruent places.</summary>
internal interface ICongruentObserver
{
    /// <summary>False where nobody wants to see them: they are then not planned.</summary>
    bool WantsCongruentPlaces { get; }

    /// <summary>The call of <paramref name="record"/> may be about to move: so it would move to a congruent place. <paramref name="move"/> is good during this call only.</summary>
    void OnCongruentPlace(in CallRecord record, MoveObservation move);
}
