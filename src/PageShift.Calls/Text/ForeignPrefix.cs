namespace PageShift.Calls.Text;

/// <summary>What other tracers write before a call: perf trace, and gVisor's strace.</summary>
internal static class ForeignPrefix
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private const long LargestThreadId = 4 * 1024 * 1024;

    private static ReadOnlySpan<byte> GVisorMark => "strace.go:"u8;

    private static ReadOnlySpan<byte> PerfMark => "): "u8;

    /// <summary>Reads <c>     0.234 ( 0.013 ms): cat/2877 </c>, as perf trace writes it: a time in milliseconds, how long the call took, the program and the thread.
    /// The last two are missing where there is one thread only. False, at the same place, where it is something else.</summary>
    public static bool TryParsePerf(ref LineCursor cursor, ref LinePrefix prefix)
    {
        LineCursor attempt = cursor;
        attempt.SkipSpaces();
        if (attempt.TryTake((byte)'?'))
            prefix.Timestamp = default;
        else if (LineCursor.IsDigit(attempt.Current) && LinePrefix.TryParseSeconds(ref attempt, out long milliseconds))
            prefix.Timestamp = new CallTimestamp(CallTimestampForm.Relative, milliseconds / (LinePrefix.NanosecondsPerSecond / NanosecondsPerMillisecond));
        else
            return false;
        attempt.SkipSpaces();
        if (!attempt.TryTake((byte)'('))
            return false;
        attempt.SkipSpaces();
        if (LineCursor.IsDigit(attempt.Current) && !(LinePrefix.TryParseSeconds(ref attempt, out _) && attempt.TryTake(" ms"u8)))
            return false;
        if (!attempt.TryTake(PerfMark))
            return false;
        TryTakeThread(ref attempt, ref prefix);
        attempt.SkipSpaces();
        cursor = attempt;
        return true;
    }

    /// <summary>Reads <c>I0705 23:27:43.247488       1 strace.go:614] [   1:   1] registry X </c>: severity (I, D or W), date, time, thread of the sandbox, place, process and thread, the program, and E or X for entry and exit.
    /// False, at the same place, where it is something else.</summary>
    public static bool TryParseGVisor(ref LineCursor cursor, ref LinePrefix prefix, out bool isEntry)
    {
        isEntry = false;
        int mark = cursor.Rest.IndexOf(GVisorMark);
        if (mark < 0)
            return false;
        LineCursor attempt = cursor;
        attempt.Position += mark;
        int bracket = attempt.Rest.IndexOf("] ["u8);
        if (bracket < 0)
            return false;
        attempt.Position += bracket + 3;
        attempt.SkipSpaces();
        if (!attempt.TryTakeNumber("a process id", out _) || !attempt.TryTake((byte)':'))
            return false;
        attempt.SkipSpaces();
        if (!attempt.TryTakeNumber("a thread id", out long thread) || thread is 0 or > LargestThreadId || !attempt.TryTake("] "u8))
            return false;
        int name = attempt.Rest.IndexOf((byte)'(');
        int space = name < 0 ? -1 : attempt.Rest[..name].LastIndexOf((byte)' ');
        if (space < 2 || attempt.Rest[space - 2] != ' ' || attempt.Rest[space - 1] is not ((byte)'E' or (byte)'X'))
            return false;
        isEntry = attempt.Rest[space - 1] == 'E';
        attempt.Position += space + 1;
        prefix.Style = PrefixStyle.Plain;
        prefix.ThreadId = (int)thread;
        cursor = attempt;
        return true;
    }

    private static void TryTakeThread(ref LineCursor cursor, ref LinePrefix prefix)
    {
        int end = cursor.Rest.IndexOf((byte)'(');
        ReadOnlySpan<byte> text = end < 0 ? cursor.Rest : cursor.Rest[..end];
        for (int slash = text.IndexOf((byte)'/'), next; slash >= 0; slash = next < 0 ? -1 : slash + 1 + next)
        {
            next = text[(slash + 1)..].IndexOf((byte)'/');
            var number = new LineCursor(cursor.Text, cursor.Position + slash + 1);
            if (!number.TryTakeNumber("a thread id", out long thread) || thread is 0 or > LargestThreadId || !number.TryTake((byte)' '))
                continue;
            prefix.Style = PrefixStyle.Plain;
            prefix.ThreadId = (int)thread;
            cursor.Position = number.Position;
            return;
        }
    }
}
