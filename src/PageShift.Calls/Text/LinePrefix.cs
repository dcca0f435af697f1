namespace PageShift.Calls.Text;

/// <summary>How a line names its thread.</summary>
internal enum PrefixStyle : byte
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary><c>5316 </c>: strace -f -o FILE names the thread on each line.</summary>
    Plain,

    /// <summary><c>[pid  5316] </c>: on the terminal strace names the thread while there is more than one.</summary>
    Bracketed,
}

/// <summary>Which tracer writes like that.</summary>
internal enum LogDialect : byte
{
    /// <summary>strace, and what writes as it does.</summary>
    Strace,

    /// <summary>perf trace.</summary>
    Perf,

    /// <summary>gVisor's strace, where a call returns.</summary>
    GVisor,

    /// <summary>The same, where a call begins.</summary>
    GVisorEntry,
}

/// <summary>What stands before a line's content: the thread, times, the call's number (strace -n) and the instruction pointer
/// (strace -i); the last two are passed over.</summary>
internal struct LinePrefix
{
    /// <summary>The kernel's upper limit of thread ids (PID_MAX_LIMIT), which tells an id from a time in seconds.</summary>
    private const long LargestThreadId = 4 * 1024 * 1024;

    /// <summary>In 1973; what is less is a time since the line before (strace -r).</summary>
    private const long EarliestEpochSeconds = 100_000_000;

    public const long NanosecondsPerSecond = 1_000_000_000;
    private const int FractionDigits = 9;

    /// <summary>How <c>[ Process PID=5316 runs in 32 bit mode. ]</c> begins, which is content.</summary>
    public static ReadOnlySpan<byte> ModeMessage => "[ Process "u8;

    public PrefixStyle Style;

    public int ThreadId;

    public CallTimestamp Timestamp;

    /// <summary>Which tracer's line it is.</summary>
    public LogDialect Dialect;

    /// <summary>The number of an indented line that is neither a thread's nor a time; 0 for none.</summary>
    public long LineNumber;

    /// <summary>Reads the prefix and moves to the content. A line without prefix is left at its start.</summary>
    /// <param name="cursor">At the prefix; afterwards behind it.</param>
    /// <param name="prefix">What it says.</param>
    /// <param name="expectedNumber">The number that an indented line would have, if it has one: then it is no thread's.</param>
    public static bool TryParse(ref LineCursor cursor, out LinePrefix prefix, long expectedNumber = 0)
    {
        prefix = default;
        LineCursor start = cursor;
        if (start.Position == 0 && cursor.Current is (byte)'I' or (byte)'D' or (byte)'W' && TryParseGVisor(ref cursor, ref prefix))
            return true;
        bool isParsed = prefix.TryParseStrace(ref cursor, expectedNumber);
        if (isParsed && cursor.Current is not ((byte)'(' or (byte)'?'))
            return true;
        bool mayBePerf = start.Position == 0 && (start.Current == ' ' || LineCursor.IsDigit(start.Current));
        if (!mayBePerf || !TryParsePerf(ref start, ref prefix))
            return isParsed;
        cursor = start;
        return true;
    }

    private bool TryParseStrace(ref LineCursor cursor, long expectedNumber)
    {
        bool isIndented = cursor.Current == ' ';
        cursor.SkipSpaces();
        if (LineCursor.IsDigit(cursor.Current) && !isIndented)
        {
            if (!TryParsePlainThread(ref cursor))
                return false;
        }
        else if (LineCursor.IsDigit(cursor.Current))
        {
            ParseIndented(ref cursor, expectedNumber);
        }
        else if (cursor.TryTake("[pid "u8) && !TryParseBracketedThread(ref cursor))
        {
            return false;
        }

        while (true)
        {
            cursor.SkipSpaces();
            if (LineCursor.IsDigit(cursor.Current))
            {
                if (!TryParseTime(ref cursor))
                    return false;
            }
            else if (cursor.TryTake("(+"u8))
            {
                if (!TryParseRelativeTime(ref cursor))
                    return false;
            }
            else if (cursor.Current == '[' && !cursor.Rest.StartsWith(ModeMessage))
            {
                if (!TrySkipBracket(ref cursor))
                    return false;
            }
            else
            {
                return true;
            }
        }
    }

    private static bool TryParseGVisor(ref LineCursor cursor, ref LinePrefix prefix)
    {
        if (!ForeignPrefix.TryParseGVisor(ref cursor, ref prefix, out bool isEntry))
            return false;
        prefix.Dialect = isEntry ? LogDialect.GVisorEntry : LogDialect.GVisor;
        return true;
    }

    private static bool TryParsePerf(ref LineCursor cursor, ref LinePrefix prefix)
    {
        var attempt = new LinePrefix { Dialect = LogDialect.Perf };
        if (!ForeignPrefix.TryParsePerf(ref cursor, ref attempt))
            return false;
        prefix = attempt;
        return true;
    }

    /// <summary>Reads seconds with up to nine digits of a fraction.</summary>
    public static bool TryParseSeconds(ref LineCursor cursor, out long nanoseconds)
    {
        int start = cursor.Position;
        nanoseconds = 0;
        if (!cursor.TryTakeNumber("a time in seconds", out long seconds) || seconds > long.MaxValue / NanosecondsPerSecond - 1)
            return cursor.FailAt(start, "a time in seconds");
        nanoseconds = seconds * NanosecondsPerSecond;
        return !cursor.TryTake((byte)'.') || TryTakeFraction(ref cursor, ref nanoseconds);
    }

    private static bool TryTakeFraction(ref LineCursor cursor, ref long nanoseconds)
    {
        int start = cursor.Position;
        long unit = NanosecondsPerSecond;
        for (; LineCursor.IsDigit(cursor.Current) && cursor.Position - start < FractionDigits; cursor.Position++)
        {
            unit /= 10;
            nanoseconds += (cursor.Current - '0') * unit;
        }

        return cursor.Position > start || cursor.Fail("a digit");
    }

    /// <summary><c>5316  </c> or, with -Y, <c>5316&lt;command&gt; </c>; or else a time.</summary>
    private bool TryParsePlainThread(ref LineCursor cursor)
    {
        int start = cursor.Position;
        if (!cursor.TryTakeNumber("a thread id or a time", out long number))
            return false;
        if (number <= LargestThreadId && cursor.Current is (byte)' ' or (byte)'<')
        {
            Style = PrefixStyle.Plain;
            ThreadId = (int)number;
            return cursor.Current == ' ' || ArgumentScanner.TrySkipAnnotation(ref cursor, out _);
        }

        cursor.Position = start;
        return true;
    }

    /// <summary>A number that stands alone behind spaces: a line's number (cat -n), a thread in a log that was indented, or both. What else it may be, a time, is left for later.</summary>
    private void ParseIndented(ref LineCursor cursor, long expectedNumber)
    {
        LineCursor attempt = cursor;
        if (!attempt.TryTakeNumber("a number", out long number) || attempt.Current != ' ' || number is 0 or > LargestThreadId)
            return;
        attempt.SkipSpaces();
        LineCursor second = attempt;
        if (LineCursor.IsDigit(second.Current) && second.TryTakeNumber("a thread id", out long thread) && second.Current == ' ' && thread is > 0 and <= LargestThreadId)
        {
            second.SkipSpaces();
            Style = PrefixStyle.Plain;
            ThreadId = (int)thread;
            cursor = second;
        }
        else if (LineCursor.IsNameByte(attempt.Current) || attempt.Current is (byte)'<' or (byte)'+' or (byte)'-')
        {
            bool isNumbered = number == expectedNumber;
            LineNumber = isNumbered ? number : 0;
            Style = isNumbered ? PrefixStyle.None : PrefixStyle.Plain;
            ThreadId = isNumbered ? 0 : (int)number;
            cursor = attempt;
        }
    }

    private bool TryParseBracketedThread(ref LineCursor cursor)
    {
        cursor.SkipSpaces();
        int start = cursor.Position;
        if (!cursor.TryTakeNumber("a thread id", out long number) || number > LargestThreadId)
            return cursor.FailAt(start, "a thread id");
        Style = PrefixStyle.Bracketed;
        ThreadId = (int)number;
        return (cursor.Current != '<' || ArgumentScanner.TrySkipAnnotation(ref cursor, out _))
            && (cursor.TryTake((byte)']') || cursor.Fail("']'"));
    }

    /// <summary><c>07:02:30.625835</c>, <c>1795417350.593081</c>, or <c>0.000425</c>.</summary>
    private bool TryParseTime(ref LineCursor cursor)
    {
        int start = cursor.Position;
        if (!TryParseSeconds(ref cursor, out long nanoseconds))
            return false;
        CallTimestampForm form = nanoseconds < EarliestEpochSeconds * NanosecondsPerSecond
            ? CallTimestampForm.Relative
            : CallTimestampForm.Epoch;
        if (cursor.TryTake((byte)':'))
        {
            form = CallTimestampForm.TimeOfDay;
            long hours = nanoseconds / NanosecondsPerSecond;
            if (hours > 23 || !cursor.TryTakeNumber("minutes", out long minutes) || minutes > 59 || !cursor.TryTake((byte)':')
                || !TryParseSeconds(ref cursor, out nanoseconds) || nanoseconds > 61 * NanosecondsPerSecond)
                return cursor.FailAt(start, "a time of day");
            nanoseconds += (hours * 60 + minutes) * 60 * NanosecondsPerSecond;
        }

        if (cursor.Current != ' ')
            return cursor.Fail("a space");
        Timestamp = new CallTimestamp(form, nanoseconds);
        return true;
    }

    /// <summary><c>(+     0.000099)</c>: kept only where it is the line's one time.</summary>
    private bool TryParseRelativeTime(ref LineCursor cursor)
    {
        cursor.SkipSpaces();
        if (!TryParseSeconds(ref cursor, out long nanoseconds) || !cursor.TryTake((byte)')'))
            return cursor.Fail("a time in seconds and ')'");
        if (Timestamp.Form == CallTimestampForm.None)
            Timestamp = new CallTimestamp(CallTimestampForm.Relative, nanoseconds);
        return true;
    }

    /// <summary><c>[   9]</c>, <c>[00007ff24f9c1ad7]</c> or <c>[????????????????]</c>.</summary>
    private static bool TrySkipBracket(ref LineCursor cursor)
    {
        int start = cursor.Position++;
        cursor.SkipSpaces();
        while (char.IsAsciiHexDigit((char)cursor.Current) || cursor.Current == '?')
            cursor.Position++;
        return cursor.TryTake((byte)']') || cursor.FailAt(start, "a thread id, a system call's number or an instruction pointer");
    }
}
