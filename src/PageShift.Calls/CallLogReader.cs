using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <summary>Reads a log of system calls in strace's format, event by event.</summary>
/// <remarks>
/// <para>Streaming: memory is bounded by the number of threads that are inside a call, not by the log's length.
/// A call that strace wrote as "unfinished" and "resumed" is delivered at its resumption, in one piece.</para>
/// <para>A thread may have lines before the call returns that made it. Where several such calls are under way, the reader looks ahead in the log for the one that returns the thread
/// (<see cref="CallRecordKind.ThreadBegan"/>); it then keeps what it has read, 65,536 records at most.</para>
/// <para>Understood are the formats of strace 6.1 (options -f, -ff, -o, -p, -Y, -t, -tt, -ttt, -r, -i, -n, -T, -y, -yy, -k, -C, -X,
/// -e raw, -e inject and what goes with them), and for hand-written files: lines without '=', comments from '#',
/// integer expressions (<see cref="IntegerExpression"/>), and the pseudo-calls memset and relocate_vma_down.</para>
/// <para>What can't be read is an error, or in lenient mode a counted warning. Not thread-safe.</para>
/// </remarks>
public sealed partial class CallLogReader : IDisposable
{
    private const int MostKeptWarnings = 20;

    private readonly CallLogOptions _options;
    private readonly LineReader _lines;
    private readonly CallParser _parser = new();
    private readonly TraceeTable _tracees = new();
    private readonly Dictionary<int, UnfinishedCall> _unfinished = [];
    private readonly Queue<CallRecord> _queue = new();
    private readonly List<CallSyntaxError> _warnings = [];

    /// <summary>A line into which strace wrote "Process N attached" at its end; the next line continues it.</summary>
    private UnfinishedCall? _spliced;

    private Stream? _opened; // what Open has opened, and Dispose closes
    private bool _isInSummary;
    private long _signals;
    private long _stackFrames;
    private long _diagnostics;
    private long _summaryLines;
    private long _unfinishedCalls;
    private long _warningCount;

    /// <summary>Prepares to read <paramref name="stream"/>, which stays the caller's to close.</summary>
    public CallLogReader(Stream stream, CallLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _lines = new LineReader(stream);
    }

    /// <summary>Opens the log <paramref name="path"/> names. <see cref="Dispose"/> closes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lenient">True to count lines that can't be read as warnings (<see cref="CallLogOptions.Lenient"/>).</param>
    /// <exception cref="IOException">There is no such file, or it can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read it, or it is a directory.</exception>
    public static CallLogReader Open(string path, bool lenient = false)
    {
        FileStream stream = File.OpenRead(path);
        return new CallLogReader(stream, new CallLogOptions { FileName = path, Lenient = lenient }) { _opened = stream };
    }

    /// <summary>Closes the file, when <see cref="Open"/> has opened it. A stream that the caller has given stays open.</summary>
    public void Dispose() => _opened?.Dispose();

    /// <summary>What the log held so far beside its records.</summary>
    internal CallLogCounts Counts => new()
    {
        Bytes = _lines.ByteCount,
        Lines = _lines.LineCount,
        Signals = _signals,
        StackFrames = _stackFrames,
        Diagnostics = _diagnostics,
        SummaryLines = _summaryLines,
        UnfinishedCalls = _unfinishedCalls,
        Warnings = _warningCount,
    };

    /// <summary>The first 20 warnings (lenient mode only).</summary>
    public IReadOnlyList<CallSyntaxError> Warnings => _warnings;

    /// <summary>Reads the next event.</summary>
    /// <returns>False at the end of the log.</returns>
    /// <exception cref="CallSyntaxException">A line can't be read, and the mode is not lenient. The line is passed over:
    /// the next call reads on behind it.</exception>
    /// <exception cref="IOException">The stream can't be read.</exception>
    public bool TryRead(out CallRecord record)
    {
        if (TryTakeHeld(out record))
            return true;
        if (!_ahead.TryDequeue(out record))
        {
            ThrowFound();
            if (!TryReadNext(out record))
                return false;
        }

        if (!_births.IsUnclear(record) || !TryBegin(ref record))
            _births.Note(record);
        return true;
    }

    /// <summary>Reads the next event that the log shows.</summary>
    private bool TryReadNext(out CallRecord record)
    {
        while (!_queue.TryDequeue(out record))
        {
            if (_lines.TryRead(out ReadOnlySpan<byte> line, out bool isWhole))
            {
                if (!isWhole)
                    Warn(new CallSyntaxError(_options.FileName, _lines.LineCount, LineReader.LongestLine + 1,
                        "more text", $"the end of the line after at most {LineReader.LongestLine} bytes"));
                else if (ReadLine(line, out record))
                    return true;
            }
            else if (!Finish())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads a line. Records go to the queue, except that a single one may be returned at once.</summary>
    private bool ReadLine(ReadOnlySpan<byte> line, out CallRecord record)
    {
        record = default;
        if (_spliced is not null && !line.StartsWith(MessagePrefix))
        {
            UnfinishedCall spliced = _spliced;
            _spliced = null;
            spliced.Append(line, _lines.LineCount, 1);
            var joined = new LineCursor(spliced.Text);
            bool isRead = ReadContent(ref joined, spliced.ThreadId, spliced.Timestamp, spliced, out record);
            Spare(spliced);
            return isRead;
        }

        if (line.StartsWith(" > "u8))
        {
            _stackFrames++;
            return false;
        }

        if (_isInSummary && IsSummaryRow(line))
        {
            _summaryLines++;
            return false;
        }

        _isInSummary = false;
        if (line.EndsWith(" attached"u8) && line.LastIndexOf(MessagePrefix) is var splice && splice > 0)
        {
            ReadSplicedLine(line, splice);
            return false;
        }

        var cursor = new LineCursor(line);
        if (!TryParsePrefix(ref cursor, out int threadId, out CallTimestamp timestamp))
            return Reject(cursor, null);
        return ReadContent(ref cursor, threadId, timestamp, null, out record);
    }

    private bool TryParsePrefix(ref LineCursor cursor, out int threadId, out CallTimestamp timestamp)
    {
        bool isParsed = LinePrefix.TryParse(ref cursor, out LinePrefix prefix);
        timestamp = prefix.Timestamp;
        threadId = 0;
        if (isParsed && !IsWithoutThread(cursor, prefix))
        {
            bool isInitialBusy = LineCursor.IsNameByte(cursor.Current) && _unfinished.ContainsKey(TraceeTable.Initial);
            threadId = _tracees.Resolve(prefix, isInitialBusy);
        }

        return isParsed;
    }

    /// <summary>Lines that are no tracee's: blank ones, comments, and what strace says itself.</summary>
    private static bool IsWithoutThread(in LineCursor cursor, in LinePrefix prefix) =>
        prefix.Style == PrefixStyle.None
        && (CallParser.IsAtEndOrComment(cursor) || cursor.Current is (byte)'%' or (byte)'[' || cursor.Rest.StartsWith(MessagePrefix));

    /// <summary>Keeps what stands before a message for the next line, and reads the message.</summary>
    private void ReadSplicedLine(ReadOnlySpan<byte> line, int splice)
    {
        var head = new LineCursor(line[..splice]);
        if (TryParsePrefix(ref head, out int threadId, out CallTimestamp timestamp))
        {
            _spliced = TakeSpared();
            _spliced.Begin(threadId, timestamp);
            _spliced.Append(head.Rest, _lines.LineCount, LineCursor.ColumnOf(line, 0, head.Position));
        }
        else
        {
            Reject(head, null);
        }

        var message = new LineCursor(line, splice);
        ReadMessage(ref message);
    }

    /// <summary>Reads what stands behind a line's prefix.</summary>
    /// <param name="cursor">At the content.</param>
    /// <param name="threadId">Whose line it is.</param>
    /// <param name="timestamp">When the line began.</param>
    /// <param name="origin">Where the text comes from; null when it is the current line.</param>
    /// <param name="record">The record, when the result is true.</param>
    private bool ReadContent(
        ref LineCursor cursor, int threadId, CallTimestamp timestamp, UnfinishedCall? origin, out CallRecord record)
    {
        record = default;
        if (CallParser.IsAtEndOrComment(cursor))
            return false;
        switch ((char)cursor.Current)
        {
            case '+' when cursor.TryTake("+++ "u8):
                return !ReadEnd(ref cursor, threadId, timestamp) && Reject(cursor, origin);
            case '-' when cursor.TryTake("--- "u8):
                _signals++;
                return !cursor.Rest.TrimEnd((byte)'\r').EndsWith(" ---"u8) && RejectAtEnd(ref cursor, origin, "'---'");
            case '<' when cursor.TryTake("<... "u8):
                return ReadResumed(ref cursor, threadId, origin, out record);
            case '%' when cursor.TryTake("% time"u8):
                _isInSummary = true;
                _summaryLines++;
                return false;
            case '[' when cursor.Rest.StartsWith(LinePrefix.ModeMessage):
                _diagnostics++;
                return false;
            case 's' when cursor.Position == 0 && cursor.Rest.StartsWith(MessagePrefix):
                ReadMessage(ref cursor);
                return false;
            default:
                return ReadCall(ref cursor, threadId, timestamp, origin, out record);
        }
    }

    private bool RejectAtEnd(ref LineCursor cursor, UnfinishedCall? origin, string expected)
    {
        cursor.FailAt(cursor.Text.Length, expected);
        return Reject(cursor, origin);
    }

    /// <summary>Reports the cursor's failure: an error, or in lenient mode a warning. Always false.</summary>
    private bool Reject(in LineCursor cursor, UnfinishedCall? origin)
    {
        if (_options.Lenient && _warnings.Count == MostKeptWarnings)
        {
            _warningCount++;
            return false;
        }

        (long line, int column) = origin is null
            ? (_lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, cursor.FailurePosition))
            : origin.Locate(cursor.FailurePosition);
        return Warn(new CallSyntaxError(_options.FileName, line, column, cursor.DescribeFound(), cursor.Expected!));
    }

    private bool Warn(CallSyntaxError error)
    {
        if (!_options.Lenient)
            throw new CallSyntaxException(error);
        _warningCount++;
        if (_warnings.Count < MostKeptWarnings)
            _warnings.Add(error);
        return false;
    }
}
