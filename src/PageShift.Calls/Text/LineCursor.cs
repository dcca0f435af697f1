using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace PageShift.Calls.Text;

/// <summary>A position in one line of UTF-8 text, with the first failure to read what was expected there.</summary>
internal ref struct LineCursor
{
    private const int LongestFound = 40;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"u8);

    public LineCursor(ReadOnlySpan<byte> text, int position = 0)
    {
        Text = text;
        Position = position;
    }

    public ReadOnlySpan<byte> Text { get; }

    public int Position { get; set; }

    /// <summary>Where the text could not be read.</summary>
    public int FailurePosition { get; private set; }

    /// <summary>What was expected there; null while nothing failed.</summary>
    public string? Expected { get; private set; }

    public readonly bool IsAtEnd => Position >= Text.Length;

    /// <summary>The byte at the position; 0 at the end.</summary>
    public readonly byte Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (uint)Position < (uint)Text.Length ? Text[Position] : (byte)0;
    }

    /// <summary>The byte after the position; 0 past the end.</summary>
    public readonly byte Next => Position + 1 < Text.Length ? Text[Position + 1] : (byte)0;

    public readonly ReadOnlySpan<byte> Rest => Text[Position..];

    /// <summary>Notes a failure at the position, unless one is noted already. Always false.</summary>
    public bool Fail(string expected) => FailAt(Position, expected);

    /// <summary>Notes a failure at <paramref name="position"/>, unless one is noted already. Always false.</summary>
    public bool FailAt(int position, string expected)
    {
        if (Expected is null)
        {
            FailurePosition = position;
            Expected = expected;
        }

        return false;
    }

    /// <summary>Passes over <paramref name="literal"/> when it stands at the position.</summary>
    public bool TryTake(ReadOnlySpan<byte> literal)
    {
        if (!Rest.StartsWith(literal))
            return false;
        Position += literal.Length;
        return true;
    }

    /// <summary>Passes over <paramref name="letter"/> when it stands at the position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(byte letter)
    {
        if (Current != letter || IsAtEnd)
            return false;
        Position++;
        return true;
    }

    /// <summary>Passes over spaces, tabs and a carriage return.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SkipSpaces()
    {
        if (Current == ' ')
            Position++; // mostly there is one
        if (Current is > 0 and <= (byte)' ')
            SkipMoreSpaces();
    }

    private void SkipMoreSpaces()
    {
        ReadOnlySpan<byte> text = Text;
        int position = Position;
        while ((uint)position < (uint)text.Length && text[position] is (byte)' ' or (byte)'\t' or (byte)'\r')
            position++;
        Position = position;
    }

    /// <summary>Passes over spaces and comments of the form that strace writes between arguments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SkipBlank()
    {
        SkipSpaces();
        if (Current == '/')
            SkipComments();
    }

    private void SkipComments()
    {
        while (Current == '/' && Next == '*')
        {
            int length = LengthOfComment(Rest);
            if (length == 0)
                return;
            Position += length;
            SkipSpaces();
        }
    }

    /// <summary>The length of the comment at the start of a text; 0 where it does not end. With -X verbose strace writes one in another: <c>0x28 /* 0x8 /* MAP_??? */|MAP_ANONYMOUS */</c>.</summary>
    private static int LengthOfComment(ReadOnlySpan<byte> text)
    {
        int depth = 1;
        int first = 0;
        for (int at = 2; text[at..].IndexOf((byte)'*') is var star && star >= 0;)
        {
            int end = at + star + 1;
            bool isBeginning = star > 0 && text[end - 2] == '/';
            at = end;
            if (isBeginning)
            {
                depth++;
            }
            else if (end < text.Length && text[end] == '/')
            {
                at = end + 1;
                first = first == 0 ? at : first;
                if (--depth == 0)
                    return at;
            }
        }

        return first; // a beginning without an end of its own is no comment
    }

    /// <summary>Takes letters, digits and underscores; empty when none stands at the position.</summary>
    public ReadOnlySpan<byte> TakeName()
    {
        ReadOnlySpan<byte> rest = Rest;
        int length = rest.IndexOfAnyExcept(NameBytes);
        if (length < 0)
            length = rest.Length;
        Position += length;
        return rest[..length];
    }

    /// <summary>Takes a decimal number without sign; fails where no digit stands, or where it does not fit in a long.</summary>
    public bool TryTakeNumber(string expected, out long number)
    {
        ReadOnlySpan<byte> rest = Rest;
        int length = 0;
        number = 0;
        for (; length < rest.Length && IsDigit(rest[length]); length++)
        {
            if (number > (long.MaxValue - 9) / 10)
                return Fail("a number below 2^63");
            number = number * 10 + (rest[length] - '0');
        }

        Position += length;
        return length > 0 || Fail(expected);
    }

    /// <summary>What stands at the failure, for a message: a word or a single character, in quotes.</summary>
    public readonly string DescribeFound()
    {
        if (FailurePosition >= Text.Length)
            return "the end of the line";
        ReadOnlySpan<byte> rest = Text[FailurePosition..];
        int length = 0;
        while (length < rest.Length && length < LongestFound && IsNameByte(rest[length]))
            length++;
        if (length == 0)
            length = Math.Max(1, Rune.DecodeFromUtf8(rest, out _, out int consumed) == System.Buffers.OperationStatus.Done ? consumed : 1);
        string word = Encoding.UTF8.GetString(rest[..length]);
        return char.IsControl(word[0]) ? $"the character U+{(int)word[0]:X4}" : $"'{word}'";
    }

    /// <summary>The column of a byte position, from 1, counted in code points from <paramref name="start"/>.</summary>
    public static int ColumnOf(ReadOnlySpan<byte> text, int start, int position)
    {
        int column = 1;
        foreach (byte value in text[start..Math.Min(position, text.Length)])
        {
            if ((value & 0xC0) != 0x80)
                column++;
        }

        return column;
    }

    public static bool IsDigit(byte value) => (uint)(value - '0') <= 9;

    public static bool IsNameByte(byte value) => IsDigit(value) || (uint)((value | 0x20) - 'a') <= 'z' - 'a' || value == '_';
}
