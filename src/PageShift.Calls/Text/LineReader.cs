namespace PageShift.Calls.Text;

/// <summary>Cuts a stream into lines, in constant memory. A line's bytes are valid until the next line is read.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>The longest line that is delivered whole; strace itself cuts long strings far below.</summary>
    public const int LongestLine = 1 << 20;

    private const int InitialCapacity = 1 << 16;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(InitialCapacity);
    private int _start;
    private int _end;

    /// <summary>Bytes read from the stream so far.</summary>
    public long ByteCount { get; private set; }

    /// <summary>Lines read so far.</summary>
    public long LineCount { get; private set; }

    /// <summary>Reads a line, without its end.</summary>
    /// <param name="line">The line; its first <see cref="LongestLine"/> bytes where it is longer.</param>
    /// <param name="isWhole">False when the line is longer than that.</param>
    /// <returns>False at the end of the stream.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line, out bool isWhole)
    {
        isWhole = true;
        int searched = 0;
        int length;
        while ((length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n')) < 0)
        {
            searched = _end - _start;
            if (searched >= LongestLine)
                return DropRest(out line, out isWhole);
            if (!Fill())
            {
                line = TakeLine(searched, 0);
                return searched > 0;
            }
        }

        line = TakeLine(searched + length, 1);
        return true;
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

    /// <summary>Keeps the beginning of an over-long line at the front of the buffer, and reads on behind it up to the line's end.</summary>
    private bool DropRest(out ReadOnlySpan<byte> line, out bool isWhole)
    {
        isWhole = false;
        int found;
        do
        {
            _end = _start + LongestLine;
            if (!Fill())
            {
                found = _end - _start;
                break;
            }

            found = _buffer.AsSpan(_start + LongestLine, _end - _start - LongestLine).IndexOf((byte)'\n');
            if (found >= 0)
                found += LongestLine + 1;
        }
        while (found < 0);

        line = _buffer.AsSpan(_start, LongestLine);
        _start += found;
        LineCount++;
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
        int count = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += count;
        ByteCount += count;
        return count > 0;
    }
}
