using System.Runtime.CompilerServices;
using System.Text;
using PageShift.Calls.Names;
using PageShift.Units;

namespace PageShift.Calls.Text;

/// <summary>Reads integer expressions as logs and hand-written files have them: decimal and hexadecimal numbers, names,
/// units behind a number (4K, 4KB and 4KiB are 4096), parentheses, and the operators of C with C's precedence: unary -, then *, then + and -, then &lt;&lt;, then |.</summary>
/// <remarks>Values lie in [-2^63, 2^64); leaving that range is a syntax error at the operator or the number.</remarks>
internal static class ExpressionParser
{
    private const int DeepestNesting = 64;
    private const int OrRank = 1;
    private const int ShiftRank = 2;
    private const int SumRank = 3;
    private const int ProductRank = 4;

    private static readonly SymbolTable Units = new(
        [("NULL", 0), ("PAGE", PageSize.Bytes), ("KB", 1UL << 10), ("MB", 1UL << 20), ("GB", 1UL << 30), ("TB", 1UL << 40),
            ("KiB", 1UL << 10), ("MiB", 1UL << 20), ("GiB", 1UL << 30), ("TiB", 1UL << 40)]);

    /// <summary>Reads one expression.</summary>
    /// <param name="cursor">At the expression; afterwards behind it and the spaces that follow.</param>
    /// <param name="names">Names that are allowed beside those of the units; null for none.</param>
    /// <param name="expected">What a syntax error says was expected.</param>
    /// <param name="value">The value; a negative one in two's complement.</param>
    /// <param name="allowsOctal">Whether a number with a leading zero is octal. Elsewhere such a number is refused.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParse(ref LineCursor cursor, SymbolTable? names, string expected, out ulong value, bool allowsOctal = false) =>
        TryParseAlternatives(ref cursor, names, allowsOctal, out value) || TryParseAny(ref cursor, names, expected, out value, allowsOctal);

    private static bool TryParseAny(ref LineCursor cursor, SymbolTable? names, string expected, out ulong value, bool allowsOctal)
    {
        bool isParsed = TryParseBinary(ref cursor, names, expected, allowsOctal, OrRank, 0, out Int128 result);
        value = unchecked((ulong)result);
        return isParsed;
    }

    /// <summary>Reads what nearly all of a log is: a number, or numbers and names joined by '|'. False, at the same place, for anything else, right or wrong.</summary>
    private static bool TryParseAlternatives(ref LineCursor cursor, SymbolTable? names, bool allowsOctal, out ulong value)
    {
        int start = cursor.Position;
        value = 0;
        do
        {
            ulong number = 0;
            bool isRead = LineCursor.IsDigit(cursor.Current)
                ? (allowsOctal && TryParseOctal(ref cursor, out number)) || TryParsePlain(ref cursor, out number)
                : cursor.TakeName() is { IsEmpty: false } name && ((names is not null && names.TryFind(name, out number)) || Units.TryFind(name, out number));
            if (!isRead)
            {
                cursor.Position = start;
                return false;
            }

            value |= number;
        }
        while (cursor.TryTake((byte)'|'));

        if (cursor.Current is (byte)',' or (byte)')' or 0)
            return true;
        cursor.SkipBlank();
        if (RankOf(cursor) == 0)
            return true;
        cursor.Position = start;
        return false;
    }

    /// <summary>Reads permissions: a zero and at most six octal digits. False, at the same place, for any other number.</summary>
    private static bool TryParseOctal(ref LineCursor cursor, out ulong number)
    {
        const int MostDigits = 7;
        number = 0;
        int start = cursor.Position;
        if (cursor.Current != '0' || !LineCursor.IsDigit(cursor.Next))
            return false;
        for (; cursor.Current is >= (byte)'0' and <= (byte)'7' && cursor.Position - start < MostDigits; cursor.Position++)
            number = number << 3 | (cursor.Current & 7u);
        if (!LineCursor.IsNameByte(cursor.Current))
            return true;
        cursor.Position = start;
        return false;
    }

    /// <summary>Reads a number of at most 18 characters, decimal or hexadecimal, that no letter follows and that does not begin with a needless zero. False, somewhere in it, for any other.</summary>
    private static bool TryParsePlain(ref LineCursor cursor, out ulong number)
    {
        const int MostDigits = 18; // characters: 18 decimal digits or 16 hexadecimal ones fit in 64 bits
        ReadOnlySpan<byte> rest = cursor.Rest;
        number = 0;
        int at = 0;
        if (rest is [(byte)'0', (byte)'x', ..])
        {
            for (at = 2; at < rest.Length && at < MostDigits && char.IsAsciiHexDigitLower((char)rest[at]); at++)
                number = (number << 4) | (rest[at] <= '9' ? rest[at] - (uint)'0' : rest[at] - (uint)'a' + 10);
            if (at is 2)
                return false;
        }
        else
        {
            for (; at < rest.Length && at < MostDigits && LineCursor.IsDigit(rest[at]); at++)
                number = (number * 10) + (rest[at] - (uint)'0');
            if (at > 1 && rest[0] == '0')
                return false;
        }

        cursor.Position += at;
        return at == rest.Length || !LineCursor.IsNameByte(rest[at]);
    }

    private static bool TryParseBinary(ref LineCursor cursor, SymbolTable? names, string expected, bool allowsOctal, int lowestRank, int depth, out Int128 left)
    {
        if (!TryParseOperand(ref cursor, names, expected, allowsOctal, depth, out left))
            return false;
        cursor.SkipBlank();
        while (RankOf(cursor) is var rank && rank >= lowestRank)
        {
            int position = cursor.Position;
            byte sign = cursor.Current;
            cursor.Position += rank == ShiftRank ? 2 : 1;
            cursor.SkipBlank();
            if (!TryParseBinary(ref cursor, names, expected, allowsOctal, rank + 1, depth, out Int128 right))
                return false;
            if (!TryApply(sign, ref left, right))
                return cursor.FailAt(position, "a result that fits in 64 bits");
        }

        return true;
    }

    private static int RankOf(in LineCursor cursor) => cursor.Current switch
    {
        (byte)'|' => OrRank,
        (byte)'<' when cursor.Next == '<' => ShiftRank,
        (byte)'+' or (byte)'-' => SumRank,
        (byte)'*' => ProductRank,
        _ => 0,
    };

    private static bool TryParseOperand(ref LineCursor cursor, SymbolTable? names, string expected, bool allowsOctal, int depth, out Int128 value)
    {
        value = 0;
        byte first = cursor.Current;
        if (LineCursor.IsDigit(first))
        {
            bool isParsed = (allowsOctal && TryParseOctal(ref cursor, out ulong number)) || TryParseNumber(ref cursor, out number);
            value = number;
            return isParsed;
        }

        if (LineCursor.IsNameByte(first))
        {
            int start = cursor.Position;
            ReadOnlySpan<byte> name = cursor.TakeName();
            if ((names is null || !names.TryFind(name, out ulong number)) && !Units.TryFind(name, out number))
                return cursor.FailAt(start, expected);
            value = number;
            return true;
        }

        if (first is not ((byte)'-' or (byte)'('))
            return cursor.Fail(expected);
        if (depth == DeepestNesting)
            return cursor.Fail("an expression nested less deeply");
        int opening = cursor.Position++;
        cursor.SkipBlank();
        return first == '-'
            ? TryParseOperand(ref cursor, names, expected, allowsOctal, depth + 1, out value) && TryNegate(ref cursor, opening, ref value)
            : TryParseBinary(ref cursor, names, expected, allowsOctal, OrRank, depth + 1, out value) && (cursor.TryTake((byte)')') || cursor.Fail("')'"));
    }

    private static bool TryNegate(ref LineCursor cursor, int position, ref Int128 value)
    {
        value = -value;
        return IsInRange(value) || cursor.FailAt(position, "a result that fits in 64 bits");
    }

    private static bool TryParseNumber(ref LineCursor cursor, out ulong number)
    {
        int start = cursor.Position;
        bool isHexadecimal = cursor.Current == '0' && cursor.Next is (byte)'x' or (byte)'X';
        if (!(isHexadecimal ? TryParseHexadecimal(ref cursor, out number) : TryParseDecimal(ref cursor, out number)))
            return false;
        if (!LineCursor.IsNameByte(cursor.Current))
            return true;
        // Behind hexadecimal digits a letter is a mistyped digit: an address of 0x1g is none of 1 GiB.
        return isHexadecimal ? cursor.FailAt(start, "a decimal or hexadecimal number") : TryScale(ref cursor, start, ref number);
    }

    /// <summary>Reads the unit that stands right behind a decimal number: K, M, G or T, alone or with B or iB, in either case. All are powers of two.</summary>
    private static bool TryScale(ref LineCursor cursor, int start, ref ulong number)
    {
        ReadOnlySpan<byte> unit = cursor.TakeName();
        int power = "KMGT"u8.IndexOf((byte)(unit[0] & ~0x20)) + 1;
        ReadOnlySpan<byte> rest = unit[1..];
        if (power == 0 || !(rest.IsEmpty || Ascii.EqualsIgnoreCase(rest, "B"u8) || Ascii.EqualsIgnoreCase(rest, "iB"u8)))
            return cursor.FailAt(start, "a decimal or hexadecimal number");
        if (number > ulong.MaxValue >> (10 * power))
            return cursor.FailAt(start, "a number below 2^64");
        number <<= 10 * power;
        return true;
    }

    private static bool TryParseHexadecimal(ref LineCursor cursor, out ulong number)
    {
        int start = cursor.Position;
        number = 0;
        ReadOnlySpan<byte> text = cursor.Text;
        int position = start + 2;
        for (; position < text.Length; position++)
        {
            uint digit = text[position] - (uint)'0';
            if (digit > 9)
            {
                digit = (text[position] | 0x20u) - 'a' + 10;
                if (digit is < 10 or > 15)
                    break;
            }

            if (number >> 60 != 0)
                return cursor.FailAt(start, "a number below 2^64");
            number = number << 4 | digit;
        }

        cursor.Position = position;
        return position > start + 2 || cursor.Fail("a hexadecimal digit");
    }

    private static bool TryParseDecimal(ref LineCursor cursor, out ulong number)
    {
        int start = cursor.Position;
        number = 0;
        for (; LineCursor.IsDigit(cursor.Current); cursor.Position++)
        {
            uint digit = cursor.Current - (uint)'0';
            if (number > ulong.MaxValue / 10 || (number == ulong.MaxValue / 10 && digit > ulong.MaxValue % 10))
                return cursor.FailAt(start, "a number below 2^64");
            number = number * 10 + digit;
        }

        // In C a leading zero means octal; a number that two readers would read differently is refused.
        return cursor.Position == start + 1 || cursor.Text[start] != '0'
            || cursor.FailAt(start, "a number without leading zeros");
    }

    private static bool TryApply(byte sign, ref Int128 left, Int128 right)
    {
        switch ((char)sign)
        {
            case '+':
                left += right;
                break;
            case '-':
                left -= right;
                break;
            case '*':
                return TryMultiply(ref left, right);
            case '|':
                // Both in two's complement of 64 bits; the result counts as unsigned.
                left = unchecked((ulong)left) | unchecked((ulong)right);
                break;
            default:
                if (left < 0 || right < 0 || right >= 64 || left > (Int128)(ulong.MaxValue >> (int)right))
                    return false;
                left <<= (int)right;
                break;
        }

        return IsInRange(left);
    }

    private static bool TryMultiply(ref Int128 left, Int128 right)
    {
        // Each magnitude is below 2^64, so the product of the magnitudes fits in 128 unsigned bits.
        UInt128 magnitude = (UInt128)Int128.Abs(left) * (UInt128)Int128.Abs(right);
        if (magnitude > ulong.MaxValue)
            return false;
        left = left < 0 == right < 0 ? (Int128)magnitude : -(Int128)magnitude;
        return IsInRange(left);
    }

    private static bool IsInRange(Int128 value) => value >= long.MinValue && value <= ulong.MaxValue;
}
