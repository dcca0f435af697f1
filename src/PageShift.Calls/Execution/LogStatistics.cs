using PageShift.Abi;

namespace PageShift.Calls.Execution;

/// <summary>What the execution of a log counted.</summary>
public sealed class LogStatistics
{
    /// <summary>Calls executed.</summary>
    public long Calls { get; internal set; }

    /// <summary>Calls that the log shows to have failed. They changed nothing here but what they changed on the kernel before they failed.</summary>
    public long FailedCalls { get; internal set; }

    /// <summary>Calls whose result here is not what the log says. The space stands as the log says after them.</summary>
    public long DifferentResults { get; internal set; }

    /// <summary>Errors that nothing in the log explains: they may come of what calls do not show, such as limits that were inherited.</summary>
    public long UnexplainedResults { get; private set; }

    /// <summary>Those errors, and how often each was.</summary>
    internal SortedDictionary<string, long> UnexplainedErrors { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls whose effect is not modelled, or of unknown name.</summary>
    public long UnsupportedCalls { get; internal set; }

    /// <summary>Calls whose outcome the log does not know ('?'), and that were therefore not executed.</summary>
    public long UnknownOutcomes { get; internal set; }

    /// <summary>Moves of page-table entries.</summary>
    public long Moves { get; internal set; }

    /// <summary>Address spaces that the log showed: programs executed and processes forked.</summary>
    public long AddressSpaces { get; internal set; }

    /// <summary>Threads of which the log does not say which of several clones made them; each was taken for the child of the one that began first.</summary>
    internal long UncertainThreads { get; set; }

    /// <summary>Mappings that the log's calls use but never made, such as the program's image.</summary>
    public long InferredMappings { get; internal set; }

    /// <summary>The bytes of those.</summary>
    internal ulong InferredBytes { get; set; }

    /// <summary>Address spaces whose log says which pages are present, so that nothing was assumed of them.</summary>
    internal long StatedSpaces { get; set; }

    /// <summary>Calls that made too much writable at once to be populated.</summary>
    internal long LeftUnpopulated { get; set; }

    internal void CountUnexplained(Errno error)
    {
        UnexplainedResults++;
        string name = error == Errno.None ? "success" : ErrnoName.Of(error);
        UnexplainedErrors[name] = UnexplainedErrors.GetValueOrDefault(name) + 1;
    }

    /// <summary>Counts what became of a record.</summary>
    internal void Count(in RecordOutcome outcome)
    {
        Moves += outcome.Moves;
        switch (outcome.Fate)
        {
            case RecordFate.Executed:
                Calls++;
                break;
            case RecordFate.Failed:
                FailedCalls++;
                break;
            case RecordFate.Unknown:
                UnknownOutcomes++;
                break;
            case RecordFate.Unsupported:
                UnsupportedCalls++;
                break;
        }
    }
}
