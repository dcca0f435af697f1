namespace PageShift.Cli.Running;

/// <summary>Shows the results of a run. Keeps only what it will show, however long the log.</summary>
internal interface IRunOutput : IDisposable
{
    /// <summary>Sees every call, where the output shows calls.</summary>
    IRunRecorder? Recorder => null;

    /// <summary>A move, in the log's order.</summary>
    void Add(MoveReport move);

    /// <summary>The run is over: writes everything. Nothing was written before, so a log that can't be read leaves no half report.</summary>
    void Finish(RunReport report);
}
