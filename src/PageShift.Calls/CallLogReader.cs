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
/// <para>So are what old versions of strace write, and what people make of logs: colours, quotes of mails, line numbers, UTF-16, gzip and Zstandard.</para>
/// <para>A line that is no call is passed over and listed (<see cref="Noise"/>). A line that names a call which changes memory, and can't be read, is an error, or in lenient mode a
/// counted warning. In strict mode both are errors. Not thread-safe.</para>
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

    private readonly TerminalText _terminal = new();

    /// <summary>The threads of which strace has said that they run in 32 bit mode, which they do until it says otherwise.</summary>
    private readonly HashSet<int> _threads32 = [];

    /// <summary>A line into which strace wrote "Process N attached" at its end; the next line continues it.</summary>
    private UnfinishedCall? _spliced;

    /// <summary>What <see cref="Open"/> has opened, and <see cref="Dispose"/> closes.</summary>
    private Stream? _opened;

    /// <summary>The last number of an indented line.</summary>
    private long _lastNumber;

    private bool _isInSummary;
    private long _signals;
    private long _stackFrames;
    private long _diagnostics;
    private long _summaryLines;
    private long _unfinishedCalls;
    private long _warningCount;
    private long _recordCount;

    /// <summary>
    /// True once something was understood. A call of an unknown name is no sign that this is a log: now and then noise has
    /// that shape, and lenient mode delivers it.
    /// </summary>
    private bool _isLog;

    /// <summary>Prepares to read <paramref name="stream"/>, which stays the caller's to close.</summary>
    public CallLogReader(Stream stream, CallLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { Lenient: true, Strict: true })
            throw new ArgumentException("A log is read leniently or strictly, not both.", nameof(options));
        _options = options;
        _lines = new LineReader(new LogStream(stream));
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
        NoiseLines = _noiseLines,
        Records = _recordCount,
    };

    /// <summary>The first 20 warnings (lenient mode only).</summary>
    public IReadOnlyList<CallSyntaxError> Warnings => _warnings;

    /// <summary>Reads the next event.</summary>
    /// <returns>False at the end of the log.</returns>
    /// <exception cref="CallSyntaxException">A line can't be read, and the mode is not lenient. The line is passed over:
    /// the next call reads on behind it. Or the log is none (<see cref="CallSyntaxException.IsOfWholeLog"/>).</exception>
    /// <exception cref="IOException">The stream can't be read.</exception>
    public bool TryRead(out CallRecord record)
    {
        if (_held is not null)
        {
            record = TakeHeld();
            return true;
        }

        if (_ahead.Count != 0)
        {
            record = _ahead.Dequeue();
        }
        else
        {
            ThrowFound();
            if (!TryReadNext(out record))
                return false;
        }

        if (record.LacksFlags)
            record = WithFlags(record);
        if (!_births.IsUnclear(record) || !TryBegin(ref record))
            _births.Note(record);
        return true;
    }

    /// <summary>Reads the next event that the log shows.</summary>
    private bool TryReadNext(out CallRecord record)
    {
        try
        {
            return TryReadLines(out record);
        }
        catch (InvalidDataException)
        {
            throw new CallSyntaxException(
                new CallSyntaxError(_options.FileName, _lines.LineCount + 1, 1, "compressed data that is damaged or ends too early", "the rest of the log"), isOfWholeLog: true);
        }
    }

    private bool TryReadLines(out CallRecord record)
    {
        while (!_queue.TryDequeue(out record))
        {
            if (_lines.TryRead(out ReadOnlySpan<byte> line, out bool isWhole))
            {
                if (!isWhole)
                    RefuseLongLine();
                else if (!ReadLine(line, out record))
                    continue;
                else if (_queue.Count == 0)
                    break;
                else
                    _queue.Enqueue(record); // behind what the line before it turned out to be
            }
            else if (_lines.IsEndless)
            {
                throw OfWholeLog(_lines.LineCount, $"a line of more than {LineReader.LongestDropped >> 20} MiB");
            }
            else if (!Finish())
            {
                return false;
            }
        }

        // That strace attached to a thread is no sign that its calls are here: strace -c says so, too.
        if (record.Kind is not (CallRecordKind.Attached or CallRecordKind.Detached))
        {
            _recordCount++;
            _isLog = _isLog || record.Kind != CallRecordKind.Call || record.Call.Standing != CallStanding.Unknown;
        }

        return true;
    }

    private void RefuseLongLine() => Warn(new CallSyntaxError(
        _options.FileName, _lines.LineCount, LineReader.LongestLine + 1, "more text", $"the end of the line after at most {LineReader.LongestLine} bytes"));

    /// <summary>Reads a line. Records go to the queue, except that a single one may be returned at once.</summary>
    private bool ReadLine(ReadOnlySpan<byte> line, out CallRecord record)
    {
        record = default;
        if (line.Contains(TerminalText.Escape))
            line = _terminal.Strip(line);
        if (!_isLog)
            RefuseForeign(line);
        if (_spliced is not null && !TracerMessage.IsWhole(line) && ReadContinuation(line, out record) is { } hasRecord)
            return hasRecord;
        if (line.StartsWith(" > "u8) && !HoldsChange(line))
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
        if (TracerMessage.FindAtEnd(line) is var splice && splice > 0)
        {
            ReadSplicedLine(line, splice);
            return false;
        }

        return ReadDecorated(line, out record);
    }

    /// <summary>Reads a line behind as many layers of decoration as it has.</summary>
    private bool ReadDecorated(ReadOnlySpan<byte> line, out CallRecord record)
    {
        _fault = default;
        for (int start = 0; ;)
        {
            _isNoise = false;
            var cursor = new LineCursor(line, start);
            bool isRecord = ReadPlain(ref cursor, out record);
            if (!_isNoise)
                return isRecord;
            start = LineDecoration.Skip(line, start);
            if (start < 0)
                break;
        }

        PassOver(line);
        return false;
    }

    /// <summary>Reads a line from its prefix on.</summary>
    private bool ReadPlain(ref LineCursor cursor, out CallRecord record)
    {
        record = default;
        long expectedNumber = _lastNumber + 1 == _lines.LineCount || _lastNumber == 0 ? _lines.LineCount : _lastNumber + 1;
        if (!LinePrefix.TryParse(ref cursor, out LinePrefix prefix, expectedNumber))
            return Reject(cursor, null, changesMemory: false);
        if (prefix.LineNumber != 0)
            _lastNumber = prefix.LineNumber;
        if (CallParser.IsAtEndOrComment(cursor))
            return false;
        if (prefix.Dialect != LogDialect.Strace)
            return ReadForeign(ref cursor, prefix, out record);
        switch (ContentAt(cursor, out CallHead head))
        {
            case LineContent.None when cursor.Current == (byte)')' && IsBareRest(prefix):
                return ReadBareRest(ref cursor, out record);
            case LineContent.None:
                cursor.FailAt(cursor.Position, CallParser.ExpectedCall);
                return Reject(cursor, null, changesMemory: false);
            case LineContent.UnknownCall:
                return ReadUnknownCall(ref cursor, head, prefix, out record);
            case LineContent.Call:
                return ReadCall(ref cursor, head, ThreadOf(cursor, prefix), prefix.Timestamp, null, out record);
            default:
                return ReadContent(ref cursor, ThreadOf(cursor, prefix), prefix.Timestamp, null, out record);
        }
    }

    /// <summary>Whose line it is. What is no tracee's is nobody's.</summary>
    private int ThreadOf(in LineCursor cursor, in LinePrefix prefix)
    {
        if (prefix.Style == PrefixStyle.None && (cursor.Current is (byte)'%' or (byte)'[' || (cursor.Current is (byte)'s' or (byte)'P' && TracerMessage.IsWhole(cursor.Rest))))
            return TraceeTable.Initial;
        bool isInitialBusy = LineCursor.IsNameByte(cursor.Current) && _unfinished.ContainsKey(TraceeTable.Initial);
        return _tracees.Resolve(prefix, isInitialBusy);
    }

    /// <summary>What stands behind a line's prefix, by its first characters; of a call the head.</summary>
    private static LineContent ContentAt(in LineCursor cursor, out CallHead head)
    {
        head = default;
        switch ((char)cursor.Current)
        {
            case '+' when cursor.Rest.StartsWith("+++ "u8):
            case '-' when cursor.Rest.StartsWith("--- "u8):
            case '<' when cursor.Rest.StartsWith("<... "u8):
            case '%' when cursor.Rest.StartsWith("% time"u8):
            case '[' when cursor.Rest.StartsWith(LinePrefix.ModeMessage):
            case 's' or 'P' when TracerMessage.IsWhole(cursor.Rest):
                return LineContent.Other;
        }

        if (!CallHead.TryRead(cursor, out head))
            return LineContent.None;
        return head.IsUnknownName ? LineContent.UnknownCall : LineContent.Call;
    }

    private enum LineContent : byte
    {
        /// <summary>Nothing that a tracer writes.</summary>
        None,

        /// <summary>A call.</summary>
        Call,

        /// <summary>Something else that strace writes.</summary>
        Other,

        /// <summary>A name and a parenthesis, and the name is none that is known here.</summary>
        UnknownCall,
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
                return !ReadEnd(ref cursor, threadId, timestamp) && Reject(cursor, origin, changesMemory: false);
            case '-' when cursor.TryTake("--- "u8):
                return ReadSignal(ref cursor, origin);
            case '<' when cursor.TryTake("<... "u8):
                return ReadResumed(ref cursor, threadId, timestamp, origin, out record);
            case '%' when cursor.TryTake("% time"u8):
                _isInSummary = true;
                _summaryLines++;
                return false;
            case '[' when cursor.Rest.StartsWith(LinePrefix.ModeMessage):
                NoteMode(cursor.Rest);
                _diagnostics++;
                return false;
            case 's' or 'P' when TracerMessage.IsWhole(cursor.Rest):
                ReadMessage(ref cursor);
                return false;
            default:
                return ReadCall(ref cursor, threadId, timestamp, origin, out record);
        }
    }

    private bool ReadSignal(ref LineCursor cursor, UnfinishedCall? origin)
    {
        if (cursor.Rest.TrimEnd((byte)'\r').EndsWith(" ---"u8))
        {
            _signals++;
            return false;
        }

        cursor.FailAt(cursor.Text.Length, "'---'");
        return Reject(cursor, origin, changesMemory: false);
    }
}
