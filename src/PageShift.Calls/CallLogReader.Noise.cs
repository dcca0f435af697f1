using System.Buffers.Text;
using PageShift.Calls.Names;
using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <content>What can't be read: which of it is noise, and which would falsify all that follows.</content>
public sealed partial class CallLogReader
{
    private const int MostKeptRanges = 20;

    /// <summary>How much is read in which nothing is understood, before the input is refused: it may be endless.</summary>
    private const long LongestNoise = 64 << 20;

    private readonly List<LineRange> _noise = [];
    private long _noiseLines;

    /// <summary>True when the line that is read has turned out to be no call, as it is read so far.</summary>
    private bool _isNoise;

    /// <summary>The page size in bytes that a line of the program's own output says; 0 where none does.</summary>
    internal ulong StatedPageSize { get; private set; }

    /// <summary>Where a line first could not be read, and what was expected there.</summary>
    private (int Position, string? Expected) _fault;

    // The call that was last seen to begin without its end.
    private UnfinishedCall? _suspended;

    /// <summary>Where the lines are that were passed over because they are no calls: the first 20 runs of them, in order.</summary>
    public IReadOnlyList<LineRange> Noise => _noise;

    /// <summary>Refuses a log that has ended, and in which nothing was understood.</summary>
    /// <exception cref="CallSyntaxException">There was no event in it. The message says what it is, where that is known, and what was expected.</exception>
    public void ThrowIfNothingUnderstood()
    {
        if (_recordCount == 0)
            throw OfWholeLog(1, _summaryLines != 0 ? "the summary of strace -c, which has no calls" : _lines.LineCount == 0 ? "nothing" : "no system call in the whole log");
    }

    private CallSyntaxException OfWholeLog(long line, string found) =>
        new(new CallSyntaxError(_options.FileName, line, 1, found, ForeignLog.Expected), isOfWholeLog: true);

    /// <summary>Refuses the output of another tool, and what is no text.</summary>
    private void RefuseForeign(ReadOnlySpan<byte> line)
    {
        if (ForeignLog.Recognize(line, _lines.LineCount) is { } tool)
            throw OfWholeLog(_lines.LineCount, tool);
        if (_lines.ByteCount > LongestNoise && _noiseLines != 0)
            throw OfWholeLog(_lines.LineCount, $"no system call in {LongestNoise >> 20} MiB");
    }

    /// <summary>True for a line without a prefix behind one with the beginning of a call.</summary>
    private bool IsBareRest(in LinePrefix prefix) =>
        prefix.Style == PrefixStyle.None && _suspended is { } call && _unfinished.GetValueOrDefault(call.ThreadId) == call && call.LastLine == _lines.LineCount - 1;

    /// <summary>Reads the rest of a call as strace -z and -e status= write it: without name and thread, in the line behind the beginning, however long the call took and whatever others did meanwhile.
    /// So the order of the calls of threads is lost; where it matters that is an error, but in lenient mode.</summary>
    private bool ReadBareRest(ref LineCursor cursor, out CallRecord record)
    {
        UnfinishedCall call = _suspended!;
        if (!_options.Lenient && ChangesMemory(call.Text))
        {
            const string Expected = "'<... resumed>'; strace -z and -e status= leave that out, and which calls ran at the same time: record without them";
            var error = new CallSyntaxError(_options.FileName, _lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, cursor.Position), cursor.DescribeFound(), Expected);
            throw new CallSyntaxException(error) { IsReadLeniently = true };
        }

        _unfinished.Remove(call.ThreadId);
        call.Append(cursor.Rest, _lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, cursor.Position));
        var joined = new LineCursor(call.Text);
        bool isRead = ReadCall(ref joined, call.ThreadId, call.Timestamp, call, out record);
        Spare(call);
        return isRead;
    }

    /// <summary>Notes that a line can't be read: as noise, which is dealt with when all ways to read it have failed, or as an error, or in lenient mode a warning. Always false.</summary>
    /// <param name="cursor">With the failure.</param>
    /// <param name="origin">Where the text comes from; null when it is the current line.</param>
    /// <param name="changesMemory">True when leaving the line out falsifies what follows.</param>
    private bool Reject(in LineCursor cursor, UnfinishedCall? origin, bool changesMemory)
    {
        if (!changesMemory && origin is null)
        {
            _isNoise = true;
            if (_fault.Expected is null)
                _fault = (cursor.FailurePosition, cursor.Expected);
            return false;
        }

        if (!changesMemory && !_options.Strict)
        {
            NoteNoise();
            return false;
        }

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

    /// <summary>Passes over the line that was read last, which is noise. But where a call that changes memory stands behind something that is not understood, the line is an error.</summary>
    private void PassOver(ReadOnlySpan<byte> line)
    {
        NotePageSize(line);
        bool isError = _options.Strict || HoldsChange(line);
        if (!isError)
        {
            NoteNoise();
            return;
        }

        var cursor = new LineCursor(line);
        cursor.FailAt(_fault.Position, _fault.Expected!);
        Reject(cursor, null, changesMemory: true);
    }

    /// <summary>The loader's line of the auxiliary vector (LD_SHOW_AUXV): <c>AT_PAGESZ:            65536</c>.</summary>
    private void NotePageSize(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimStart((byte)' ');
        if (text.StartsWith("AT_PAGESZ:"u8) && Utf8Parser.TryParse(text["AT_PAGESZ:"u8.Length..].TrimStart((byte)' '), out ulong size, out _))
            StatedPageSize = size;
    }

    private void NoteNoise()
    {
        _noiseLines++;
        long line = _lines.LineCount;
        if (_noise.Count != 0 && _noise[^1].Last >= line - 1)
            _noise[^1] = _noise[^1] with { Last = line };
        else if (_noise.Count < MostKeptRanges)
            _noise.Add(new LineRange(line, line));
    }

    /// <summary>True when somewhere in a line a call stands that changes memory, with a result or unfinished.</summary>
    private static bool HoldsChange(ReadOnlySpan<byte> line)
    {
        if (line.IndexOf((byte)'#') is var comment && comment >= 0)
            line = line[..comment];
        for (int at = line.IndexOf((byte)'('), next; at > 0; at = next < 0 ? -1 : at + 1 + next)
        {
            next = line[(at + 1)..].IndexOf((byte)'(');
            int start = at;
            while (start > 0 && LineCursor.IsNameByte(line[start - 1]))
                start--;
            if (start == at || !SystemCallNames.TryFind(line[start..at], out NamedCall call, out _) || !call.ChangesMemory)
                continue;
            if (HasResult(line[at..]) || line.EndsWith(UnfinishedMark))
                return true;
        }

        return false;
    }

    /// <summary>True when behind a closing parenthesis, after spaces, '=' stands.</summary>
    private static bool HasResult(ReadOnlySpan<byte> text)
    {
        while (text.IndexOf((byte)')') is var end && end >= 0)
        {
            text = text[(end + 1)..];
            if (text.TrimStart((byte)' ') is [(byte)'=', ..])
                return true;
        }

        return false;
    }

    /// <summary>Reads a call of a name that is none of a system call. What has the shape of a call, with a result or with plain arguments, is an error, or in lenient mode an unknown call.</summary>
    private bool ReadUnknownCall(ref LineCursor cursor, in CallHead head, in LinePrefix prefix, out CallRecord record)
    {
        record = default;
        LineCursor attempt = cursor;
        bool isParsed = _parser.TryParse(ref attempt, head, isPartial: false, out ParsedCall call);
        ReadOnlySpan<byte> name = cursor.TakeName();
        int start = cursor.Position - name.Length;
        bool isCall = isParsed ? call.Outcome.State != CallOutcomeState.None || HasPlainArguments(cursor) : cursor.Text.EndsWith(UnfinishedMark);
        bool isCut = _lines.LineCount == 1 && SystemCallNames.IsEndOfName(name);
        if (isParsed && isCall && !isCut && _options.Lenient)
        {
            record = RecordOf(CallRecordKind.Call, call, _lines.LineCount, ThreadOf(cursor, prefix), prefix.Timestamp);
            return true;
        }

        cursor.FailAt(start, CallParser.ExpectedCall);
        return Reject(cursor, null, changesMemory: isCall && !isCut);
    }

    /// <summary>True when the first argument is written as strace writes one: a number, a name in capitals, a string or a structure; or as <see cref="CallLogWriter"/> does, which knows none.</summary>
    private static bool HasPlainArguments(LineCursor cursor)
    {
        cursor.Position++;
        return cursor.Rest.StartsWith("...)"u8)
            || cursor.Current is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'Z') or (byte)'"' or (byte)'-' or (byte)'{' or (byte)'[' or (byte)'(';
    }
}
