namespace PageShift.Cli.Tracing;

/// <summary>Shows the results of following a program. Keeps only what it will show, however long the program runs.</summary>
internal interface ITraceOutput : IDisposable
{
    /// <summary>Whether a move is to be planned under every policy; otherwise under linux-6.7 and pageshift only.</summary>
    /// <param name="earlierMoves">How many moves were made before.</param>
    bool WantsEveryPolicy(long earlierMoves) => true;

    /// <summary>A move, in the order in which they were made.</summary>
    void Add(TracedMove move);

    /// <summary>All that was traced has ended: writes everything.</summary>
    void Finish(TraceReport report);
}
