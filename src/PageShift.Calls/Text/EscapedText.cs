using System.Buffers;
using System.Text;

namespace PageShift.Calls.Text;

/// <summary>The escapes of strace's strings: <c>\n</c> and its like, <c>\"</c>, <c>\\</c>, octal, and hexadecimal (strace -x).</summary>
internal static class EscapedText
{
    /// <summary>Decodes escapes into bytes; what is no escape stays as it is.</summary>
    /// <param name="text">The text between the quotes.</param>
    /// <param name="decoded">At least as long as <paramref name="text"/>.</param>
    /// <returns>The number of bytes written.</returns>
    public static int Decode(ReadOnlySpan<byte> text, Span<byte> decoded)
    {
        int count = 0;
        int position = 0;
        while (position < text.Length)
        {
            byte value = text[position++];
            if (value == '\\' && position < text.Length)
                value = DecodeEscape(text, ref position);
            decoded[count++] = value;
        }

        return count;
    }

    /// <summary>Writes <paramref name="text"/> as strace does: what is not printable ASCII, and what <paramref name="alsoEscaped"/>
    /// holds, in octal; the digits are padded only where a digit follows.</summary>
    public static void Write(StringBuilder line, string text, SearchValues<byte> alsoEscaped)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte value = bytes[i];
            int letter = "\t\n\v\f\r\"\\".IndexOf((char)value);
            if (letter >= 0)
                line.Append('\\').Append("tnvfr\"\\"[letter]);
            else if (value is >= 0x20 and < 0x7f && !alsoEscaped.Contains(value))
                line.Append((char)value);
            else
                WriteOctal(line, value, i + 1 < bytes.Length && bytes[i + 1] is >= (byte)'0' and <= (byte)'7');
        }
    }

    private static void WriteOctal(StringBuilder line, byte value, bool isPadded)
    {
        line.Append('\\');
        if (isPadded || value >= 1 << 6)
            line.Append((char)('0' + (value >> 6)));
        if (isPadded || value >= 1 << 3)
            line.Append((char)('0' + (value >> 3 & 7)));
        line.Append((char)('0' + (value & 7)));
    }

    private static byte DecodeEscape(ReadOnlySpan<byte> text, ref int position)
    {
        byte letter = text[position];
        if (letter is >= (byte)'0' and <= (byte)'7')
            return DecodeDigits(text, ref position, 8, 3);
        position++;
        if (letter == 'x' && position < text.Length && char.IsAsciiHexDigit((char)text[position]))
            return DecodeDigits(text, ref position, 16, 2);
        return (char)letter switch
        {
            'n' => (byte)'\n',
            't' => (byte)'\t',
            'v' => (byte)'\v',
            'f' => (byte)'\f',
            'r' => (byte)'\r',
            _ => letter,
        };
    }

    private static byte DecodeDigits(ReadOnlySpan<byte> text, ref int position, int radix, int mostDigits)
    {
        int value = 0;
        for (int i = 0; i < mostDigits && position < text.Length && char.IsAsciiHexDigit((char)text[position]); i++, position++)
        {
            int digit = (text[position] & 0xf) + (text[position] > (byte)'9' ? 9 : 0);
            if (digit >= radix)
                break;
            value = value * radix + digit;
        }

        return (byte)value;
    }
}
