namespace PageShift.Calls.Text;

/// <summary>Cuts a stream into lines, in constant memory. A line's bytes are valid until the next line is read.</summary>
internal sealed class LineReader(LogStream stream)
{
    /// <summary>The longest line that is delivered whole; strace itself cuts long strings far below.</summary>
    public const int LongestLine = 1 << 20;

    /// <summary>How much of a longer line is passed over at most, in search of its end. What has no end here has none: a device, or no text.</summary>
    public const int LongestDropped = 256 << 20;

    private const int InitialCapacity = 1 << 16;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(InitialCapacity);
    private int _start;
    private int _end;

    /// <summary>A line was too long, and its rest is yet to be passed over.</summary>
    private bool _isDropping;

    /// <summary>Bytes of text read so far, unpacked.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Lines read so far.</summary>
    public long LineCount { get; private set; }

    /// <summary>True when a line's end was not found within <see cref="LongestDropped"/> bytes.</summary>
    public bool IsEndless { get; private set; }

    /// <summary>True when the last line that was read has no line end: the log stops in it.</summary>
    public bool IsUnterminated { get; private set; }

    /// <summary>Reads a line, without its end.</summary>
    /// <param name="line">The line; its first <see cref="LongestLine"/> bytes as soon as it turns out to be longer. The rest is passed over when the next line is read.</param>
    /// <param name="isWhole">False when the line is longer than that.</param>
    /// <returns>False at the end of the stream, and where a line turns out to be endless.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line, out bool isWhole)
    {
        isWhole = true;
        line = default;
        if (_isDropping && !DropRest())
            return false;
        int searched = 0;
        int length;
        while ((length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n')) < 0)
        {
            searched = _end - _start;
            if (searched >= LongestLine)
            {
                isWhole = false;
                _isDropping = true;
                line = TakeLine(LongestLine, 0);
                return true;
            }

            if (!Fill())
            {
                IsUnterminated = true;
                line = TakeLine(searched, 0);
                return searched > 0;
            }
        }

        line = TakeLine(searched + length, 1);
        return true;
    }

    /// <summary>Puts the next line in the buffer, as far as to see whether it begins with <paramref name="letter"/>, behind at most three spaces. The bytes of the line before are no longer valid.</summary>
    public bool NextBegins(byte letter)
    {
        const int Needed = 4;
        while (_end - _start < Needed && Fill())
        {
        }

        ReadOnlySpan<byte> next = _buffer.AsSpan(_start, _end - _start).TrimStart((byte)' ');
        return !_isDropping && next.Length != 0 && next[0] == letter;
    }

    private ReadOnlySpan<byte> TakeLine(int length, int endLength)
    {
        ReadOnlySpan<byte> line = _buffer.AsSpan(_start, length);
        _start += length + endLength;
        if (LineCount == 0 && line.StartsWith(ByteOrderMark))
            line = line[ByteOrderMark.Length..];
        if (length + endLength > 0)
            LineCount++;
        return line;
    }

    /// <summary>Passes over the rest of an over-long line. False where it has no end, and at the end of the stream.</summary>
    private bool DropRest()
    {
        long dropped = 0;
        int found;
        while ((found = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n')) < 0)
        {
            dropped += _end - _start;
            _start = _end;
            IsEndless = dropped > LongestDropped;
            if (IsEndless || !Fill())
                return false;
        }

        _start += found + 1;
        _isDropping = false;
        return true;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        int count = stream.Read(_buffer.AsSpan(_end));
        _end += count;
        ByteCount += count;
        return count > 0;
    }
}
