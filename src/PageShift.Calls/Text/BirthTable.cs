using PageShift.Abi;

namespace PageShift.Calls.Text;

/// <summary>Which threads of a log are known, and which clones are under way whose thread is not known yet. With one clone under way a new thread is its; with several, what follows in the log tells.</summary>
internal sealed class BirthTable
{
    private readonly HashSet<int> _known = [];

    // Threads that strace attached to while no clone was under way: unless one returns them all the same, no clone made them.
    private readonly HashSet<int> _found = [];

    // The callers of clones that have begun and whose thread has not been seen, in the order in which they began.
    private readonly List<int> _cloning = [];

    private int _last = -1;

    /// <summary>True when it has to be said whose child a record's thread is: it has not been seen before, and not one clone alone is under way that can have made it.</summary>
    public bool IsUnclear(in CallRecord record) =>
        record.ThreadId != _last && _cloning.Count != 0 && IsOfThread(record.Kind) && !_known.Contains(record.ThreadId)
        && (_cloning.Count > 1 || _found.Contains(record.ThreadId));

    /// <summary>strace has attached to a thread while no clone was under way.</summary>
    public void Find(int thread) => _found.Add(thread);

    /// <summary>Looks for the clone that made a thread, in what follows in the log.</summary>
    public ParentSearch SearchParentOf(int thread) => new(thread, [.. _cloning], _found.Contains(thread));

    /// <summary>True for the only clone that is under way.</summary>
    public bool IsOnlyOne(CallOutcome parent) => _cloning.Count == 1 && parent.State == CallOutcomeState.Value && parent.Value == _cloning[0];

    /// <summary>The record that says whose child a thread is has been delivered.</summary>
    public void NoteBeginning(in CallRecord beginning)
    {
        _known.Add(beginning.ThreadId);
        if (beginning.Outcome.State == CallOutcomeState.Value)
            _cloning.Remove((int)beginning.Outcome.Value);
        else if (beginning.Outcome.State == CallOutcomeState.Unknown)
            _cloning.RemoveAt(0);
    }

    /// <summary>A record that the log shows has been delivered.</summary>
    public void Note(in CallRecord record)
    {
        if (record.ThreadId != _last && IsOfThread(record.Kind))
        {
            _last = record.ThreadId;
            if (_known.Add(_last) && _cloning.Count == 1)
                _cloning.Clear();
        }

        switch (record.Kind)
        {
            case CallRecordKind.CloneStarted:
                _cloning.Add(record.ThreadId);
                break;
            case CallRecordKind.Call when record.Call.Number == SystemCallNumber.Clone && !record.Outcome.IsCutOff:
                _cloning.Remove(record.ThreadId);
                if (record is { Outcome.State: CallOutcomeState.Value, IsInjected: false })
                    _known.Add((int)record.Outcome.Value);
                break;
            case CallRecordKind.Exited or CallRecordKind.Killed:
                Forget(record.ThreadId);
                break;
            case CallRecordKind.Superseded:
                Forget((int)record.Outcome.Value);
                break;
        }
    }

    private void Forget(int thread)
    {
        _known.Remove(thread);
        _found.Remove(thread);
        _last = -1;
    }

    private static bool IsOfThread(CallRecordKind kind) => kind is CallRecordKind.Call or CallRecordKind.CloneStarted or CallRecordKind.Exited or CallRecordKind.Killed;
}

/// <summary>The search for the clone that made a thread: the one that returns it, or the only one that returns nothing else.</summary>
/// <param name="thread">The thread.</param>
/// <param name="candidates">The callers of the clones that are under way.</param>
/// <param name="mayHaveNone">True when it may be that none of them made the thread.</param>
internal sealed class ParentSearch(int thread, List<int> candidates, bool mayHaveNone)
{
    /// <summary>The caller of the clone, as far as is known.</summary>
    public CallOutcome Parent { get; private set; } = mayHaveNone ? CallOutcome.None : CallOutcome.Unknown;

    /// <summary>Looks at the next record. True once the parent is known.</summary>
    public bool Consider(in CallRecord record)
    {
        if (record.Kind != CallRecordKind.Call || record.Call.Number != SystemCallNumber.Clone || !candidates.Contains(record.ThreadId))
            return false;
        if (record.Outcome.IsCutOff)
            return false; // it may have made the thread
        if (record is { Outcome.State: CallOutcomeState.Value, IsInjected: false } && record.Outcome.Value == thread)
            Parent = CallOutcome.OfValue(record.ThreadId);
        else if (candidates.Remove(record.ThreadId) && candidates.Count == 1 && !mayHaveNone)
            Parent = CallOutcome.OfValue(candidates[0]);
        return Parent.State == CallOutcomeState.Value;
    }
}
