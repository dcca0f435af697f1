namespace PageShift.Calls.Execution;

/// <summary>What the execution of a log did with one record.</summary>
public enum RecordFate : byte
{
    /// <summary>Nothing to count: it tells of threads, or was injected by a tracer.</summary>
    NoCall,

    /// <summary>The call was executed, or is one that changes nothing here.</summary>
    Executed,

    /// <summary>The call failed in the log. It changed nothing here but what it changed on the kernel before it failed.</summary>
    Failed,

    /// <summary>The log does not know how the call ended; it was not executed.</summary>
    Unknown,

    /// <summary>The call's effect is not modelled, or its name is unknown.</summary>
    Unsupported,

    /// <summary>The call ran at the same time as others that have not ended yet, and may have been made before or after them: its turn comes later (<see cref="ILogObserver.OnExecuted"/>).</summary>
    Waiting,
}

/// <summary>What became of one record of a log.</summary>
/// <param name="Fate">What was done with it.</param>
/// <param name="Moves">The moves of page-table entries that it made.</param>
/// <param name="Divergence">Where the engine's result is not what the log says (only when results are verified), or the log asks for what can't be; else null.</param>
public readonly record struct RecordOutcome(RecordFate Fate, int Moves = 0, Divergence? Divergence = null)
{
    /// <summary>True for an error that the log shows, and that nothing in the log explains: it may come of what calls do not show, such as limits that were inherited.</summary>
    public bool IsUnexplained => UnshownCause is not null;

    /// <summary>What such an error may come of, in words; else null.</summary>
    internal string? UnshownCause { get; init; }
}
