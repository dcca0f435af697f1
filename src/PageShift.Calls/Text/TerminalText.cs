namespace PageShift.Calls.Text;

/// <summary>Takes the escape sequences of terminals out of a line: colours, and what else begins with ESC [ or ESC ]. Source: ECMA-48, 5.4 (control sequences) and 5.6 (control strings).</summary>
internal sealed class TerminalText
{
    public const byte Escape = 0x1b;
    private const byte Bell = 0x07;

    private byte[] _plain = [];

    /// <summary>The line as a terminal shows it; valid until the next call.</summary>
    public ReadOnlySpan<byte> Strip(ReadOnlySpan<byte> line)
    {
        if (_plain.Length < line.Length)
            _plain = new byte[Math.Max(line.Length, 2 * _plain.Length)];
        int length = 0;
        while (line.IndexOf(Escape) is var at && at >= 0)
        {
            line[..at].CopyTo(_plain.AsSpan(length));
            length += at;
            line = line[(at + LengthOf(line[at..]))..];
        }

        line.CopyTo(_plain.AsSpan(length));
        return _plain.AsSpan(0, length + line.Length);
    }

    /// <summary>How long the sequence is that a text begins with; what is cut off reaches to the end.</summary>
    private static int LengthOf(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2)
            return 1;
        int end = (char)text[1] switch
        {
            // parameters and intermediates, up to a final byte
            '[' => text[2..].IndexOfAnyInRange((byte)0x40, (byte)0x7e),
            ']' => text[2..].IndexOfAny(Bell, Escape),
            _ => -2,
        };
        return end switch
        {
            -2 => Math.Min(2, text.Length),
            -1 => text.Length,
            _ => end + 3,
        };
    }
}
