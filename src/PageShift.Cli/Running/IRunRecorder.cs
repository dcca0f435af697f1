using PageShift.Calls;
using PageShift.Calls.Execution;

namespace PageShift.Cli.Running;

/// <summary>Sees every call of a run.</summary>
internal interface IRunRecorder
{
    /// <summary>What follows the spaces of the run: the recorder, and then what is given.</summary>
    /// <param name="next">Follows them too.</param>
    /// <param name="scale">How many bits shorter the engine's addresses are than the log's.</param>
    ISpaceFollower Before(ISpaceFollower? next, int scale = 0);

    /// <summary>A call is about to be executed.</summary>
    void Begin(in CallRecord record);

    /// <summary>A call was executed.</summary>
    void End(in CallRecord record, in RecordOutcome outcome);
}
