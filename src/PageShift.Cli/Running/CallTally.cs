using PageShift.Calls;
using PageShift.Calls.Execution;

namespace PageShift.Cli.Running;

/// <summary>What became of a log's calls: which results were checked, which could not be, and what was left out.</summary>
internal sealed class CallTally
{
    /// <summary>The names that are kept of each kind.</summary>
    private const int MostKeptNames = 100;

    private readonly SortedSet<string> _unmodelledNames = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _unknownNames = new(StringComparer.Ordinal);

    /// <summary>Memory calls whose result the log shows, and that were compared with it.</summary>
    internal long Checked { get; private set; }

    /// <summary>Memory calls that the log shows without a result. They have to succeed.</summary>
    internal long WithoutResult { get; private set; }

    /// <summary>Calls that change mappings in a way that is not modelled.</summary>
    internal long Unmodelled { get; private set; }

    /// <summary>Calls whose name is no system call, or whose number is none that is known.</summary>
    internal long Unknown { get; private set; }

    /// <summary>Calls that the tracer let fail: the kernel never saw them.</summary>
    internal long Injected { get; private set; }

    /// <summary>The names of the calls that are not modelled, the first hundred of them, in alphabetical order.</summary>
    internal IReadOnlyCollection<string> UnmodelledNames => _unmodelledNames;

    /// <summary>The names that are no system calls, the first hundred of them, in alphabetical order.</summary>
    internal IReadOnlyCollection<string> UnknownNames => _unknownNames;

    /// <summary>Counts a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="outcome">What was done with it.</param>
    /// <param name="verifies">Whether results are compared.</param>
    internal void Add(in CallRecord record, in RecordOutcome outcome, bool verifies)
    {
        if (record.Kind != CallRecordKind.Call)
            return;
        if (record.IsInjected)
        {
            Injected++;
            return;
        }

        switch (outcome.Fate)
        {
            case RecordFate.Unsupported when record.Call.Standing == CallStanding.Unknown:
                Unknown++;
                Keep(_unknownNames, record.Name);
                break;
            case RecordFate.Unsupported:
                Unmodelled++;
                Keep(_unmodelledNames, record.Name);
                break;
            case RecordFate.Executed when IsChecked(record.Call):
            case RecordFate.Failed when record.Call.Description is not null:
                if (record.Outcome.State == CallOutcomeState.None)
                    WithoutResult++;
                else if (verifies && !outcome.IsUnexplained)
                    Checked++;
                break;
        }
    }

    /// <summary>True for memory calls: what else is executed is followed, and has no result of the engine's.</summary>
    private static bool IsChecked(in SystemCall call) => call.Description is { IsModelled: true } || call.Number == PseudoCall.RelocateDown;

    private static void Keep(SortedSet<string> names, string name)
    {
        if (names.Count < MostKeptNames)
            _ = names.Add(name);
    }
}
