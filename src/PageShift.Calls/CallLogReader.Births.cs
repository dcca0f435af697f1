using PageShift.Abi;
using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <content>Whose child a thread is that appears before the call that made it has returned.</content>
public sealed partial class CallLogReader
{
    private const int MostAhead = 1 << 16;

    private readonly BirthTable _births = new();

    /// <summary>What was read to find a thread's parent, and is yet to be delivered.</summary>
    private readonly Queue<CallRecord> _ahead = new();

    /// <summary>The first record of a thread that was just announced.</summary>
    private CallRecord? _held;

    /// <summary>What can't be read behind the records that were read ahead.</summary>
    private CallSyntaxException? _found;

    /// <summary>True while a clone is under way, as far as the log has been read; a line that a message stands in may be one.</summary>
    private bool IsCloning
    {
        get
        {
            if (_spliced is not null)
                return true;
            foreach (UnfinishedCall call in _unfinished.Values)
            {
                if (call.IsClone)
                    return true;
            }

            return false;
        }
    }

    private CallRecord TakeHeld()
    {
        CallRecord record = _held.GetValueOrDefault();
        _held = null;
        _births.Note(record);
        return record;
    }

    /// <summary>Says whose child a thread is, and keeps its first record for the next reading. False when it is the child that it would be taken for anyway.</summary>
    private bool TryBegin(ref CallRecord record)
    {
        var beginning = new CallRecord { Kind = CallRecordKind.ThreadBegan, Line = record.Line, ThreadId = record.ThreadId, Outcome = FindParent(record.ThreadId) };
        if (_births.IsOnlyOne(beginning.Outcome))
            return false;
        _held = record;
        record = beginning;
        _births.NoteBeginning(beginning);
        return true;
    }

    private CallOutcome FindParent(int thread)
    {
        ParentSearch search = _births.SearchParentOf(thread);
        foreach (CallRecord record in _ahead)
        {
            if (search.Consider(record))
                return search.Parent;
        }

        while (_ahead.Count < MostAhead && TryReadAhead(out CallRecord record))
        {
            _ahead.Enqueue(record);
            if (search.Consider(record))
                break;
        }

        return search.Parent;
    }

    /// <summary>A clone that has begun, with the flags that the log shows where it returns. Where it does not, it is taken for a fork.</summary>
    private CallRecord WithFlags(CallRecord begun)
    {
        foreach (CallRecord record in _ahead)
        {
            if (IsReturnOf(record))
                return begun with { Call = record.Call, LacksFlags = false };
        }

        while (_ahead.Count < MostAhead && TryReadAhead(out CallRecord record))
        {
            _ahead.Enqueue(record);
            if (IsReturnOf(record))
                return begun with { Call = record.Call, LacksFlags = false };
        }

        return begun with { LacksFlags = false };

        bool IsReturnOf(in CallRecord record) =>
            record.Kind == CallRecordKind.Call && record.ThreadId == begun.ThreadId && record.Call.Number == SystemCallNumber.Clone && !record.Outcome.IsCutOff;
    }

    /// <summary>Reads the next event before its time. What can't be read is said in its turn.</summary>
    private bool TryReadAhead(out CallRecord record)
    {
        record = default;
        if (_found is not null)
            return false;
        try
        {
            return TryReadNext(out record);
        }
        catch (CallSyntaxException error)
        {
            _found = error;
            return false;
        }
    }

    private void ThrowFound()
    {
        if (_found is not { } error)
            return;
        _found = null;
        throw error;
    }
}
