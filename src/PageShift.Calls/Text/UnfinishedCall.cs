namespace PageShift.Calls.Text;

/// <summary>Text that is put together from several lines, and where each part of it stood in the log.</summary>
internal sealed class UnfinishedCall
{
    private readonly List<(int Start, long Line, int Column)> _parts = [];
    private byte[] _text = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    public int ThreadId { get; private set; }

    public CallTimestamp Timestamp { get; private set; }

    /// <summary>True for a call that makes a thread.</summary>
    public bool IsClone { get; set; }

    /// <summary>The line on which the text begins.</summary>
    public long Line => _parts[0].Line;

    /// <summary>The line on which the text ends.</summary>
    public long LastLine => _parts[^1].Line;

    /// <summary>Empties the text and gives it to a thread.</summary>
    public void Begin(int threadId, CallTimestamp timestamp)
    {
        _parts.Clear();
        _length = 0;
        IsClone = false;
        ThreadId = threadId;
        Timestamp = timestamp;
    }

    /// <summary>Goes on under another thread's id.</summary>
    public void MoveTo(int threadId) => ThreadId = threadId;

    public void Append(ReadOnlySpan<byte> text, long line, int column)
    {
        if (_text.Length < _length + text.Length)
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _length + text.Length));
        text.CopyTo(_text.AsSpan(_length));
        _parts.Add((_length, line, column));
        _length += text.Length;
    }

    /// <summary>Where the byte at <paramref name="position"/> stood. The position behind the text counts to its last part.</summary>
    public (long Line, int Column) Locate(int position)
    {
        int part = _parts.Count - 1;
        while (part > 0 && _parts[part].Start > position)
            part--;
        return (_parts[part].Line, _parts[part].Column + LineCursor.ColumnOf(Text, _parts[part].Start, position) - 1);
    }

    /// <summary>Appends a part of another such text, with the places of its parts.</summary>
    public void Append(UnfinishedCall source, int start, int end)
    {
        for (int part = 0; part < source._parts.Count; part++)
        {
            int partStart = Math.Max(start, source._parts[part].Start);
            int partEnd = Math.Min(end, part + 1 < source._parts.Count ? source._parts[part + 1].Start : source._length);
            if (partStart < partEnd)
            {
                (long line, int column) = source.Locate(partStart);
                Append(source.Text[partStart..partEnd], line, column);
            }
        }

        if (_parts.Count == 0)
        {
            (long line, int column) = source.Locate(start);
            _parts.Add((0, line, column));
        }
    }
}
