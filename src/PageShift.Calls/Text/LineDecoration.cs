using System.Buffers;

namespace PageShift.Calls.Text;

/// <summary>What mail, terminals and tools put before the lines of a log: quotes (<c>&gt; </c>, <c>| </c>), the numbers of grep -n and cat -n, the labels of loggers.</summary>
internal static class LineDecoration
{
    private const int LongestLabel = 160;

    private static readonly SearchValues<byte> NameOrDash = SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>The position behind one more layer of it; -1 where there is none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="start">The position behind the layers so far.</param>
    public static int Skip(ReadOnlySpan<byte> line, int start)
    {
        var cursor = new LineCursor(line, start);
        cursor.SkipSpaces();
        if (cursor.TryTake((byte)'>') || cursor.TryTake((byte)'|'))
        {
            cursor.TryTake((byte)' ');
            return cursor.Position;
        }

        int number = cursor.Position;
        if (cursor.Current == '0')
            return start == 0 ? SkipLabel(line) : -1; // a time or a date
        while (LineCursor.IsDigit(cursor.Current))
            cursor.Position++;
        bool isNumber = cursor.Position > number && (cursor.Current is (byte)':' or (byte)'\t');
        return isNumber ? cursor.Position + 1 : start == 0 ? SkipLabel(line) : -1;
    }

    /// <summary>What loggers put before a line: <c>Jun 12 10:11:12 host strace[1234]: </c>, logcat's <c>06-12 10:11:12.123  1234  1234 I strace  : </c>, and the <c>web-1  | </c> of containers.</summary>
    private static int SkipLabel(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> head = line[..Math.Min(line.Length, LongestLabel)];
        int bar = head.IndexOf(" | "u8);
        if (bar > 0 && head[..bar].TrimEnd((byte)' ').IndexOfAnyExcept(NameOrDash) < 0)
            return bar + 3;
        int end = head.IndexOf(": "u8);
        return end > 0 && HasTimeOfDay(head[..end]) ? end + 2 : -1;
    }

    private static bool HasTimeOfDay(ReadOnlySpan<byte> label)
    {
        for (int i = 2; i + 5 < label.Length; i++)
        {
            if (label[i] == ':' && label[i + 3] == ':' && LineCursor.IsDigit(label[i - 1]) && LineCursor.IsDigit(label[i + 1]) && LineCursor.IsDigit(label[i + 4]))
                return true;
        }

        return false;
    }
}
