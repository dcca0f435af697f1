using PageShift.Abi;
using PageShift.Calls.Names;

namespace PageShift.Calls.Text;

/// <content>What stands behind the arguments: the outcome, and what strace adds to it.</content>
internal sealed partial class CallParser
{
    private const int LargestError = 4095;
    private const string ExpectedError = "an error name, such as ENOMEM";

    /// <summary>True where nothing more is to be read: the end of the line, or a comment of a hand-written file.</summary>
    public static bool IsAtEndOrComment(in LineCursor cursor) => cursor.IsAtEnd || cursor.Current == '#';

    private bool TryParseOutcome(ref LineCursor cursor, ref ParsedCall call)
    {
        cursor.SkipSpaces();
        if (IsAtEndOrComment(cursor))
            return true;
        if (!cursor.TryTake((byte)'='))
            return cursor.Fail("'=' or the end of the line");
        cursor.SkipSpaces();

        bool isParsed = cursor.Current switch
        {
            (byte)'?' => TryParseUnknown(ref cursor, ref call),
            (byte)'-' when cursor.Next == '1' => TryParseError(ref cursor, ref call),
            _ => TryParseValue(ref cursor, ref call),
        };
        return isParsed && TryParseRemarks(ref cursor, ref call);
    }

    /// <summary>'?', or '? ERESTARTSYS (To be restarted ...)', or '? &lt;unavailable&gt;'.</summary>
    private static bool TryParseUnknown(ref LineCursor cursor, ref ParsedCall call)
    {
        cursor.Position++;
        cursor.SkipSpaces();
        call.Outcome = CallOutcome.Unknown;
        int start = cursor.Position;
        ReadOnlySpan<byte> name = cursor.TakeName();
        if (name.IsEmpty)
        {
            cursor.TryTake("<unavailable>"u8);
            return true;
        }

        if (!ErrorNames.TryFind(name, out int code))
            return cursor.FailAt(start, "a restart code, such as ERESTARTSYS, or the end of the line");
        call.Outcome = CallOutcome.OfRestart(code);
        return true;
    }

    /// <summary>'-1 ENAME', or '-1 (errno N)' for an error without a name; the negative of a call's number is no result.</summary>
    private bool TryParseError(ref LineCursor cursor, ref ParsedCall call)
    {
        int start = cursor.Position;
        cursor.Position += 2;
        if (LineCursor.IsNameByte(cursor.Current))
        {
            cursor.Position = start;
            return TryParseValue(ref cursor, ref call);
        }

        cursor.SkipSpaces();
        int nameStart = cursor.Position;
        bool isNumbered = cursor.TryTake("(errno "u8);
        ReadOnlySpan<byte> name = cursor.TakeName();
        int error = 0;
        bool isError = isNumbered
            ? int.TryParse(name, out error) && error is >= 1 and <= LargestError && cursor.TryTake((byte)')')
            : ErrorNames.TryFind(name, out error) && error <= LargestError;
        if (isError)
        {
            call.Outcome = CallOutcome.OfError((Errno)error);
            return true;
        }

        // strace's word for a thread that another's execve ended in the call: it finds the number of that call in the register, and takes it for the negative of an error.
        if (isNumbered && ulong.TryParse(name, out ulong number) && number > long.MaxValue && cursor.TryTake((byte)')'))
        {
            call.Outcome = CallOutcome.Unknown;
            return true;
        }

        if (name.SequenceEqual("errno"u8) && cursor.TryTake((byte)'='))
            return TryParseErrorNumber(ref cursor, ref call);

        // Outside of the modelled calls -1 can be a value, such as a priority.
        if (call.IsModelled || isNumbered || !name.IsEmpty)
            return cursor.FailAt(nameStart, ExpectedError);
        call.Outcome = CallOutcome.OfValue(-1);
        return true;
    }

    private bool TryParseValue(ref LineCursor cursor, ref ParsedCall call)
    {
        ulong value;
        if (!call.IsModelled && cursor.Current == '0' && LineCursor.IsDigit(cursor.Next))
            TakeOctal(ref cursor, out value);
        else if (call.Number == SystemCallNumber.Clone && TryFindTranslatedThread(cursor.Rest, out value))
            ArgumentScanner.TrySkipArguments(ref cursor);
        else if (!ExpressionParser.TryParse(ref cursor, null, "a returned value", out value))
            return false;
        call.Outcome = CallOutcome.OfValue(unchecked((long)value));

        // strace -y: the descriptor's file follows the number directly. Behind a space, '<' begins the duration.
        if (cursor.Current != '<' || cursor.Text[cursor.Position - 1] == ' ')
            return true;
        if (!TryParseAnnotation(ref cursor, out string? path))
            return false;
        if (call.Number == SystemCallNumber.OpenFile)
            call.FilePath = path;
        return true;
    }

    /// <summary>'errno=22', as QEMU writes it behind -1 and gVisor behind 0.</summary>
    private static bool TryParseErrorNumber(ref LineCursor cursor, ref ParsedCall call)
    {
        int start = cursor.Position;
        if (!cursor.TryTakeNumber("an error number", out long error))
            return false;
        if (error is < 1 or > LargestError)
            return cursor.FailAt(start, "an error number");
        call.Outcome = CallOutcome.OfError((Errno)error);
        return true;
    }

    /// <summary>The mode masks that umask returns are written in octal.</summary>
    private static void TakeOctal(ref LineCursor cursor, out ulong value)
    {
        value = 0;
        for (; cursor.Current is >= (byte)'0' and <= (byte)'7'; cursor.Position++)
            value = value << 3 | (cursor.Current & 7u);
    }

    /// <summary>With --pidns-translation a thread's id in the tracee's namespace is followed by the one that the log's prefixes use:
    /// <c>3 /* 5316 in strace's PID NS */</c>.</summary>
    private static bool TryFindTranslatedThread(ReadOnlySpan<byte> text, out ulong thread)
    {
        thread = 0;
        int start = text.IndexOf("/* "u8);
        int end = text.IndexOf(" in strace's PID NS */"u8);
        return start >= 0 && end > start && ulong.TryParse(text[(start + 3)..end], out thread);
    }

    /// <summary>An error's description, '(INJECTED)' and the like, a duration, and a comment.</summary>
    private static bool TryParseRemarks(ref LineCursor cursor, ref ParsedCall call)
    {
        while (true)
        {
            cursor.SkipBlank();
            if (IsAtEndOrComment(cursor))
                return true;
            if (cursor.TryTake((byte)'('))
            {
                int start = cursor.Position;
                if (!ArgumentScanner.TrySkipArguments(ref cursor))
                    return false;
                call.IsInjected |= cursor.Text[start..cursor.Position].SequenceEqual("INJECTED"u8);
                if (!cursor.TryTake((byte)')'))
                    return cursor.Fail("')'");
            }
            else if (cursor.TryTake("errno="u8))
            {
                if (!TryParseErrorNumber(ref cursor, ref call))
                    return false;
            }
            else if (cursor.TryTake((byte)'<'))
            {
                if (!TryParseDuration(ref cursor, ref call))
                    return false;
            }
            else
            {
                return cursor.Fail("the end of the line");
            }
        }
    }

    private static bool TryParseDuration(ref LineCursor cursor, ref ParsedCall call)
    {
        if (!cursor.TryTake("unavailable"u8))
        {
            if (!LinePrefix.TryParseSeconds(ref cursor, out long nanoseconds))
                return false;
            call.DurationNanoseconds = nanoseconds;
        }

        return cursor.TryTake((byte)'>') || cursor.Fail("'>'");
    }
}
