using System.Text;
using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <summary>Integer expressions as hand-written logs have them, such as <c>128*MB + 0x1000</c>.</summary>
/// <remarks>Decimal and hexadecimal numbers, the decimal ones with a unit right behind them if wanted (4K, 4KB, 4KiB; K, M, G, T in either case); the operators
/// - (unary), *, + and -, &lt;&lt;, | with C's precedence; parentheses; NULL, PAGE (4096), KB, MB, GB, TB, KiB, MiB, GiB and TiB. All units are powers of two. Values lie in [-2^63, 2^64). Thread-safe.</remarks>
internal static class IntegerExpression
{
    /// <summary>Reads an expression that fills <paramref name="text"/>.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="value">The value; a negative one in two's complement.</param>
    /// <param name="error">Null on success, else one line: the column, what was found and what was expected.</param>
    public static bool TryParse(string text, out ulong value, out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var cursor = new LineCursor(bytes);
        cursor.SkipBlank();
        bool isParsed = ExpressionParser.TryParse(ref cursor, null, "a number", out value)
            && (cursor.IsAtEnd || cursor.Fail("an operator or the end"));
        error = isParsed
            ? null
            : $"column {LineCursor.ColumnOf(bytes, 0, cursor.FailurePosition)}: found {cursor.DescribeFound()}, expected {cursor.Expected}";
        return isParsed;
    }
}
