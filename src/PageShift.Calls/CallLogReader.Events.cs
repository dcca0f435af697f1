using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <content>What a line's content can be: a call or a part of one, the end of a thread, a message of strace.</content>
public sealed partial class CallLogReader
{
    private const int MostSparedBuffers = 16;
    private const int SmallestPage = 4096;
    private const int MostWrapped = 4; // the lines that mail makes of one

    /// <summary>Buffers of calls that have completed, for the next ones.</summary>
    private readonly Stack<UnfinishedCall> _spared = new();

    /// <summary>Threads that another one's execve took over, where the log does not show that call's beginning.</summary>
    private readonly HashSet<int> _superseded = [];

    private static ReadOnlySpan<byte> UnfinishedMark => " <unfinished ...>"u8;

    private bool ReadCall(ref LineCursor cursor, int threadId, CallTimestamp timestamp, UnfinishedCall? origin, out CallRecord record)
    {
        CallHead.TryRead(cursor, out CallHead head);
        return ReadCall(ref cursor, head, threadId, timestamp, origin, out record);
    }

    private bool ReadCall(ref LineCursor cursor, in CallHead head, int threadId, CallTimestamp timestamp, UnfinishedCall? origin, out CallRecord record)
    {
        record = default;
        ReadOnlySpan<byte> text = cursor.Text.TrimEnd((byte)'\r');
        if (text.EndsWith("...>"u8))
        {
            int start = cursor.Position;
            int end = text.LastIndexOf(" <"u8);
            ReadOnlySpan<byte> mark = end < start ? default : text[end..];
            if (mark.SequenceEqual(UnfinishedMark))
                return Suspend(ref cursor, end, threadId, timestamp, origin);
            // strace let go of the thread, or execve in another thread took over the process's id (with -ff).
            if (mark.SequenceEqual(" <detached ...>"u8) || mark.StartsWith(" <pid changed to "u8))
                return ReadPartial(text[..end], start, threadId, timestamp, origin, _lines.LineCount, out record);
        }

        int begin = cursor.Position;
        if (!_parser.TryParse(ref cursor, head, isPartial: false, out ParsedCall call))
        {
            return origin is null && IsTorn(cursor, text.Length)
                ? ReadTorn(text, begin, cursor.FailurePosition, threadId, timestamp, out record)
                : Reject(cursor, origin, ChangesMemory(cursor.Text[begin..]));
        }

        return origin is null && call.Outcome.State == CallOutcomeState.None
            ? ReadWrapped(call, text[begin..], LineCursor.ColumnOf(text, 0, begin), threadId, timestamp, out record)
            : Deliver(call, threadId, timestamp, out record);
    }

    /// <summary>Reads a call without a result, which may stand in the next line: mail wraps lines.</summary>
    private bool ReadWrapped(in ParsedCall call, ReadOnlySpan<byte> text, int column, int threadId, CallTimestamp timestamp, out CallRecord record)
    {
        UnfinishedCall wrapped = TakeSpared();
        wrapped.Begin(threadId, timestamp);
        wrapped.Append(text, _lines.LineCount, column);
        bool isRead;
        if (_lines.NextBegins((byte)'=') && _lines.TryRead(out ReadOnlySpan<byte> rest, out _))
        {
            wrapped.Append(rest, _lines.LineCount, 1);
            var joined = new LineCursor(wrapped.Text);
            isRead = ReadCall(ref joined, threadId, timestamp, wrapped, out record);
        }
        else
        {
            isRead = Deliver(call, threadId, timestamp, out record);
        }

        Spare(wrapped);
        return isRead;
    }

    /// <summary>True when a line ends before what was expected, or the log does in the middle of a word.</summary>
    private bool IsTorn(in LineCursor cursor, int length)
    {
        if (cursor.FailurePosition >= length)
            return true;
        var word = new LineCursor(cursor.Text, cursor.FailurePosition);
        return _lines.IsUnterminated && !word.TakeName().IsEmpty && word.Position >= length;
    }

    /// <summary>Reads a call whose line ends in the middle of it: the program wrote the end of a line there, or mail has wrapped it behind a comma, and the call goes on in the next one; or the log ends there.</summary>
    private bool ReadTorn(ReadOnlySpan<byte> line, int start, int end, int threadId, CallTimestamp timestamp, out CallRecord record)
    {
        record = default;
        UnfinishedCall torn = TakeSpared();
        torn.Begin(threadId, timestamp);
        torn.Append(line[start..], _lines.LineCount, LineCursor.ColumnOf(line, 0, start));
        bool changesMemory = ChangesMemory(torn.Text);
        for (int lines = 1; lines < MostWrapped && changesMemory && torn.Text.TrimEnd((byte)' ') is [.., (byte)',' or (byte)'|'] && _lines.TryRead(out ReadOnlySpan<byte> next, out _); lines++)
            torn.Append(next.TrimEnd((byte)'\r'), _lines.LineCount, 1);
        if (_lines.NextBegins((byte)')') && _lines.TryRead(out ReadOnlySpan<byte> rest, out _))
        {
            torn.Append(rest, _lines.LineCount, 1);
        }
        else if (_lines.IsUnterminated && changesMemory && !_options.Strict)
        {
            // Nothing follows that would rely on it.
            torn.Begin(threadId, timestamp);
            torn.Append(line[start..Math.Min(end, line.Length)], _lines.LineCount, LineCursor.ColumnOf(line, 0, start));
            Abandon(torn);
            return false;
        }

        var joined = new LineCursor(torn.Text);
        bool isRead = ReadContent(ref joined, threadId, timestamp, torn, out record);
        Spare(torn);
        return isRead;
    }

    /// <summary>True when a text begins with a call that changes memory.</summary>
    private static bool ChangesMemory(ReadOnlySpan<byte> text)
    {
        var cursor = new LineCursor(text);
        return SystemCallNames.TryFind(CallParser.TakeCallName(ref cursor), out NamedCall call, out _) && call.ChangesMemory;
    }

    /// <summary>Keeps a call that has begun until its resumption.</summary>
    private bool Suspend(ref LineCursor cursor, int end, int threadId, CallTimestamp timestamp, UnfinishedCall? origin)
    {
        int start = cursor.Position;
        if (_unfinished.Remove(threadId, out UnfinishedCall? forgotten))
        {
            bool changesMemory = ChangesMemory(forgotten.Text);
            Spare(forgotten);
            if (changesMemory || _options.Strict)
            {
                cursor.FailAt(start, "the resumption of the call that this thread is in");
                Reject(cursor, origin, changesMemory: true);
            }
        }

        UnfinishedCall call = TakeSpared();
        call.Begin(threadId, timestamp);
        if (origin is null)
            call.Append(cursor.Text[start..end], _lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, start));
        else
            call.Append(origin, start, end);

        var begun = new LineCursor(call.Text);
        ReadOnlySpan<byte> name = CallParser.TakeCallName(ref begun);
        if (!SystemCallNames.TryFind(name, out NamedCall named, out _) || named.Number != SystemCallNumber.Clone)
        {
            // Other calls are read when they are complete.
            if (name.IsEmpty || begun.Current != '(')
            {
                begun.FailAt(0, CallParser.ExpectedCall);
                Reject(begun, call, changesMemory: false);
                Spare(call);
                return false;
            }

            _unfinished.Add(threadId, call);
            _suspended = call;
            if (named.ChangesMemory)
                NoteBeginning(call);
            return false;
        }

        call.IsClone = true;
        _unfinished.Add(threadId, call);
        _suspended = call;
        if (ReadPartial(call.Text, 0, threadId, timestamp, call, _lines.LineCount, out CallRecord record)
            && record.Call.Number == SystemCallNumber.Clone)
            _queue.Enqueue(record with { Kind = CallRecordKind.CloneStarted, Outcome = CallOutcome.None });
        return false;
    }

    /// <summary>Tells of a memory call that has begun, if its arguments are there: what is wrong with it is said when it is complete.</summary>
    private void NoteBeginning(UnfinishedCall call)
    {
        var cursor = new LineCursor(call.Text);
        if (_parser.TryParse(ref cursor, isPartial: true, out ParsedCall begun) && new SystemCall(begun.Number, begun.Arguments).Description is { IsModelled: true })
            _queue.Enqueue(RecordOf(CallRecordKind.CallStarted, begun, _lines.LineCount, call.ThreadId, call.Timestamp));
    }

    /// <summary>Reads a call that is cut off in its arguments.</summary>
    private bool ReadPartial(ReadOnlySpan<byte> text, int start, int threadId, CallTimestamp timestamp,
        UnfinishedCall? origin, long line, out CallRecord record)
    {
        var cursor = new LineCursor(text, start);
        if (!_parser.TryParse(ref cursor, isPartial: true, out ParsedCall call))
        {
            record = default;
            return Reject(cursor, origin, ChangesMemory(text[start..]));
        }

        record = RecordOf(CallRecordKind.Call, call, line, threadId, timestamp) with { LacksFlags = call.LacksFlags };
        return true;
    }

    private CallRecord RecordOf(CallRecordKind kind, in ParsedCall call, long line, int threadId, CallTimestamp timestamp) => new()
    {
        Kind = kind,
        Line = line,
        ThreadId = threadId,
        Call = new SystemCall(call.Number, call.Arguments),
        Outcome = call.Outcome,
        IsInjected = call.IsInjected,
        Is32Bit = call.Is32Bit || (_threads32.Count != 0 && _threads32.Contains(threadId)),
        Name = call.Name!,
        FilePath = call.FilePath,
        Timestamp = timestamp,
        DurationNanoseconds = call.DurationNanoseconds,
    };

    /// <summary>With -ff execve begins in one thread's file and completes in another's: the beginning is made up.</summary>
    private UnfinishedCall? BeginExecution(int threadId, ReadOnlySpan<byte> name, long line)
    {
        if (!name.StartsWith("execve"u8) || !_superseded.Remove(threadId))
            return null;
        UnfinishedCall execution = TakeSpared();
        execution.Begin(threadId, default);
        execution.Append(name, line, 1);
        execution.Append("("u8, line, 1);
        return execution;
    }

    /// <summary>Joins the rest of a call with its beginning: <c>&lt;... mmap resumed&gt;) = 0x1000</c>.</summary>
    private bool ReadResumed(ref LineCursor cursor, int threadId, CallTimestamp timestamp, UnfinishedCall? origin, out CallRecord record)
    {
        record = default;
        int nameStart = cursor.Position;
        ReadOnlySpan<byte> name = CallParser.TakeCallName(ref cursor);
        if (name.IsEmpty || !cursor.TryTake(" resumed>"u8))
        {
            cursor.Fail("the name of a call and 'resumed>'");
            return Reject(cursor, origin, changesMemory: false);
        }

        UnfinishedCall? call = _unfinished.GetValueOrDefault(threadId) ?? BeginExecution(threadId, name, _lines.LineCount);
        if (call is null)
            return ReadWithoutBeginning(ref cursor, nameStart, name.Length, threadId, timestamp, origin, out record);

        if (!call.Text.StartsWith(name) || call.Text[name.Length] != '(')
        {
            cursor.FailAt(nameStart, "the resumption of the call that this thread is in");
            return Reject(cursor, origin, ChangesMemory(name) || ChangesMemory(call.Text));
        }

        _unfinished.Remove(threadId);
        if (origin is null)
            call.Append(cursor.Rest, _lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, cursor.Position));
        else
            call.Append(origin, cursor.Position, origin.Text.Length);
        var joined = new LineCursor(call.Text);
        bool isRead = ReadCall(ref joined, threadId, call.Timestamp, call, out record);
        Spare(call);
        return isRead;
    }

    /// <summary>Reads the rest of a call that began before the log did. It is enough where all arguments are in it, as old versions of strace write a clone's, or where none are needed, as of execve.
    /// Without them it is an error, unless the call leaves memory alone.</summary>
    private bool ReadWithoutBeginning(ref LineCursor cursor, int nameStart, int nameLength, int threadId, CallTimestamp timestamp, UnfinishedCall? origin, out CallRecord record)
    {
        record = default;
        ReadOnlySpan<byte> name = cursor.Text.Slice(nameStart, nameLength);
        bool changesMemory = ChangesMemory(name);
        UnfinishedCall made = TakeSpared();
        made.Begin(threadId, timestamp);
        made.Append(name, _lines.LineCount, 1);
        made.Append("("u8, _lines.LineCount, 1);
        made.Append(cursor.Rest.TrimStart((byte)' '), _lines.LineCount, 1);
        var whole = new LineCursor(made.Text);
        bool isRead = changesMemory && _parser.TryParse(ref whole, isPartial: false, out ParsedCall call) && Deliver(call, threadId, timestamp, out record);
        Spare(made);
        if (isRead)
            return true;
        cursor.FailAt(nameStart, "the beginning of this call on an earlier line");
        return Reject(cursor, origin, changesMemory);
    }

    private bool Deliver(in ParsedCall call, int threadId, CallTimestamp timestamp, out CallRecord record)
    {
        record = RecordOf(CallRecordKind.Call, call, _lines.LineCount, threadId, timestamp);
        if (_lines.IsUnterminated && IsTornResult(record))
            record = record with { Outcome = CallOutcome.Unknown };
        if (call.Number == SystemCallNumber.Clone && call.Outcome.State == CallOutcomeState.Value)
            _tracees.Expect(call.Outcome.Value);
        return true;
    }

    /// <summary>True for a result that is only the beginning of an address, as the log ends in it: a mapping begins with a page, and the break is nowhere near zero.</summary>
    private static bool IsTornResult(in CallRecord record) => record.Outcome.State == CallOutcomeState.Value && record.Call.Number switch
    {
        SystemCallNumber.Map or SystemCallNumber.Remap => (record.Outcome.Value & (SmallestPage - 1)) != 0,
        SystemCallNumber.Break => (ulong)record.Outcome.Value <= record.Call.Arguments.First >> 4,
        _ => false,
    };

    /// <summary>Reads the end of a thread, behind "+++ ". False only when it can't be read; records go to the queue.</summary>
    private bool ReadEnd(ref LineCursor cursor, int threadId, CallTimestamp timestamp)
    {
        var record = new CallRecord { Line = _lines.LineCount, ThreadId = threadId, Timestamp = timestamp };
        if (cursor.TryTake("exited with "u8))
        {
            if (!cursor.TryTakeNumber("an exit status", out long status))
                return false;
            record = record with { Kind = CallRecordKind.Exited, Outcome = CallOutcome.OfValue(status) };
        }
        else if (cursor.TryTake("killed by "u8))
        {
            if (!TryParseKiller(ref cursor, ref record))
                return false;
        }
        else if (cursor.TryTake("superseded by execve in pid "u8))
        {
            if (!cursor.TryTakeNumber("a thread id", out long executor))
                return false;
            record = record with { Kind = CallRecordKind.Superseded, Outcome = CallOutcome.OfValue(_tracees.ResolveNumber((int)executor)) };
        }
        else
        {
            return cursor.Fail("'exited with', 'killed by' or 'superseded by execve in pid'");
        }

        cursor.SkipSpaces();
        if (!cursor.TryTake("+++"u8))
            return cursor.Fail("'+++'");
        EndThread(record);
        return true;
    }

    private bool TryParseKiller(ref LineCursor cursor, ref CallRecord record)
    {
        int start = cursor.Position;
        ReadOnlySpan<byte> name = cursor.TakeName();
        if (!SignalNames.Numbers.TryFind(name, out ulong signal))
            return cursor.FailAt(start, "a signal name");
        record = record with { Kind = CallRecordKind.Killed, Name = SignalNames.Of((int)signal) };
        cursor.TryTake(" (core dumped)"u8);
        return true;
    }

    private void EndThread(CallRecord end)
    {
        // The call that the thread was in will not be resumed.
        if (_unfinished.Remove(end.ThreadId, out UnfinishedCall? call))
            Abandon(call);
        if (end.Kind == CallRecordKind.Superseded)
        {
            int executor = (int)end.Outcome.Value;
            _tracees.Remove(executor);
            if (_unfinished.Remove(executor, out UnfinishedCall? execution))
            {
                execution.MoveTo(end.ThreadId);
                _unfinished.Add(end.ThreadId, execution);
            }
            else
            {
                _superseded.Add(end.ThreadId);
            }
        }
        else
        {
            _tracees.Remove(end.ThreadId);
            _superseded.Remove(end.ThreadId);
        }

        _queue.Enqueue(end);
    }

    /// <summary>[ Process PID=5120 runs in 32 bit mode. ]</summary>
    private void NoteMode(ReadOnlySpan<byte> message)
    {
        if (!message.StartsWith(LinePrefix.ModeMessage))
            return;
        var cursor = new LineCursor(message, LinePrefix.ModeMessage.Length);
        if (!cursor.TryTake("PID="u8) || !cursor.TryTakeNumber("a process id", out long id) || id is <= 0 or > int.MaxValue)
            return;
        int thread = _tracees.ResolveMode((int)id);
        if (cursor.TryTake(" runs in 32 bit mode"u8))
            _threads32.Add(thread);
        else
            _threads32.Remove(thread);
    }

    /// <summary>Keeps what stands before a message for the next line, and reads the message.</summary>
    private void ReadSplicedLine(ReadOnlySpan<byte> line, int splice)
    {
        var head = new LineCursor(line[..splice]);
        if (LinePrefix.TryParse(ref head, out LinePrefix prefix) && !head.IsAtEnd && ContentAt(head, out _) is LineContent.Call or LineContent.Other)
        {
            _spliced = TakeSpared();
            _spliced.Begin(ThreadOf(head, prefix), prefix.Timestamp);
            _spliced.Append(head.Rest, _lines.LineCount, LineCursor.ColumnOf(line, 0, head.Position));
            // Until the next line it is not known whether the call goes on there.
        }
        else if (!head.IsAtEnd)
        {
            head.FailAt(head.Position, CallParser.ExpectedCall);
            _fault = (head.FailurePosition, head.Expected);
            PassOver(line[..splice]);
        }

        var message = new LineCursor(line, splice);
        ReadMessage(ref message);
    }

    /// <summary>Reads a line that goes on with a call that a message stands in. Null where it is another thread's line: then the call is one that has begun.</summary>
    private bool? ReadContinuation(ReadOnlySpan<byte> line, out CallRecord record)
    {
        UnfinishedCall spliced = _spliced!;
        _spliced = null;
        bool isContinued = !line.StartsWith("[pid "u8);
        if (isContinued)
            spliced.Append(line, _lines.LineCount, 1);
        else
            spliced.Append(UnfinishedMark, _lines.LineCount, 1);
        var joined = new LineCursor(spliced.Text);
        bool isRead = ReadContent(ref joined, spliced.ThreadId, spliced.Timestamp, spliced, out record);
        Spare(spliced);
        return isContinued ? isRead : null;
    }

    /// <summary>Reads "strace: Process 5316 attached" and the like.</summary>
    private void ReadMessage(ref LineCursor cursor)
    {
        cursor.TryTake(TracerMessage.Prefix);
        if (!cursor.TryTake("Process "u8)
            || !cursor.TryTakeNumber("a thread id", out long id) || id is 0 or > int.MaxValue)
        {
            NoteMode(cursor.Rest);
            _diagnostics++;
            return;
        }

        var record = new CallRecord { Line = _lines.LineCount, ThreadId = (int)id };
        if (cursor.TryTake(" attached"u8))
        {
            _tracees.Attach((int)id);
            if (!IsCloning)
                _births.Find((int)id);
            _queue.Enqueue(record with { Kind = CallRecordKind.Attached });
        }
        else if (cursor.TryTake(" detached"u8))
        {
            EndThread(record with { Kind = CallRecordKind.Detached, ThreadId = _tracees.ResolveNumber((int)id) });
        }
        else
        {
            _diagnostics++;
        }
    }

    /// <summary>At the end of the log: delivers the calls that never completed. False when nothing is left.</summary>
    private bool Finish()
    {
        if (_spliced is not null)
        {
            UnfinishedCall spliced = _spliced;
            _spliced = null;
            Abandon(spliced);
        }

        while (_unfinished.Count > 0)
        {
            UnfinishedCall first = _unfinished.Values.MinBy(call => call.Line)!;
            _unfinished.Remove(first.ThreadId);
            Abandon(first);
        }

        return _queue.Count > 0;
    }

    /// <summary>Delivers a call whose completion the log does not show.</summary>
    private void Abandon(UnfinishedCall call)
    {
        _unfinishedCalls++;
        if (ReadPartial(call.Text, 0, call.ThreadId, call.Timestamp, call, call.Line, out CallRecord record))
            _queue.Enqueue(record);
        Spare(call);
    }

    private UnfinishedCall TakeSpared() => _spared.TryPop(out UnfinishedCall? call) ? call : new UnfinishedCall();

    private void Spare(UnfinishedCall call)
    {
        if (_spared.Count < MostSparedBuffers)
            _spared.Push(call);
    }

    /// <summary>A row of the table that strace -C appends: a rule, or percent with two decimals and more numbers.</summary>
    private static bool IsSummaryRow(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        if (cursor.TryTake("------ "u8))
            return true;
        cursor.SkipSpaces();
        int start = cursor.Position;
        return LinePrefix.TryParseSeconds(ref cursor, out _) && cursor.Position >= start + 4
            && cursor.Text[cursor.Position - 3] == '.' && cursor.Current == ' ';
    }
}
