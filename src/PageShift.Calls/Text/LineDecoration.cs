namespace PageShift.Calls.Text;

/// <summary>What mail, terminals and tools put before the lines of a log: quotes (<c>&gt; </c>, <c>| </c>), the numbers of grep -n and cat -n.</summary>
internal static class LineDecoration
{
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
            return -1; // a time
        while (LineCursor.IsDigit(cursor.Current))
            cursor.Position++;
        bool isNumber = cursor.Position > number && (cursor.Current is (byte)':' or (byte)'\t');
        return isNumber ? cursor.Position + 1 : -1;
    }
}
