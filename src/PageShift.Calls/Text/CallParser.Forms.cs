using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.SystemCalls;

namespace PageShift.Calls.Text;

/// <content>The calls whose arguments are more than numbers: those that make threads, and those on files.</content>
internal sealed partial class CallParser
{
    // fcntl and close_range where they are none of the calls that have numbers of their own here.
    private const SystemCallNumber FileControl = (SystemCallNumber)72;
    private const SystemCallNumber CloseRange = (SystemCallNumber)436;

    private const ulong ExitSignalMask = 0xff;
    private const ulong ForkSignal = 17;

    private static readonly LogParameter Descriptor = new(new CallParameter("fd", ArgumentForm.FileDescriptor));

    /// <summary>The kernel shows a memfd under this name, which is also what strace -y writes.</summary>
    private static ReadOnlySpan<byte> MemoryFilePrefix => "/memfd:"u8;

    /// <summary>Reads a clone's flags; strace writes them when the call begins, so that partial text holds them, too. Old versions write them when it returns.</summary>
    private bool TryParseClone(ref LineCursor cursor, CallForm form, bool isPartial, ref ParsedCall call)
    {
        cursor.SkipBlank();
        if (isPartial && cursor.IsAtEnd && form is (CallForm.Clone or CallForm.Clone3))
        {
            call.LacksFlags = true;
            return true;
        }

        switch (form)
        {
            case CallForm.Fork:
                call.Arguments = new CallArguments((ulong)CloneFlags.None, ForkSignal);
                return true;
            case CallForm.VFork:
                call.Arguments = new CallArguments((ulong)(CloneFlags.SharedMemory | CloneFlags.VFork), ForkSignal);
                return true;
            case CallForm.Clone:
                return TryParseCloneRegisters(ref cursor, ref call);
            default:
                return TryParseCloneStructure(ref cursor, ref call);
        }
    }

    /// <summary>clone keeps the exit signal in the low byte of the flags.</summary>
    private bool TryParseCloneRegisters(ref LineCursor cursor, ref ParsedCall call)
    {
        if (cursor.Rest.StartsWith("child_stack="u8) && !TryTakeThrough(ref cursor, "flags="u8))
            return cursor.Fail("'flags='");
        cursor.TryTake("clone_flags: "u8);
        if (!TryParseCloneFlags(ref cursor, out ulong flags))
            return false;
        call.Arguments = new CallArguments(flags & ~ExitSignalMask, flags & ExitSignalMask);
        return true;
    }

    private bool TryParseCloneStructure(ref LineCursor cursor, ref ParsedCall call)
    {
        if (cursor.Current != '{')
        {
            // strace could not read the structure, or was told to write the address: whether this is a thread is not known.
            MakeOther(ref call, PseudoCall.Unknown, "clone3");
            return true;
        }

        ulong signal = 0;
        if (!cursor.TryTake("{flags="u8))
            return cursor.Fail("'{flags='");
        if (!TryParseCloneFlags(ref cursor, out ulong flags))
            return false;
        if (TryTakeThrough(ref cursor, "exit_signal="u8) && !TryParseCloneFlags(ref cursor, out signal))
            return false;
        // The structure's bracket was passed over; what follows is scanned at its depth.
        if (cursor.Rest.IndexOf((byte)'}') is var end && end >= 0)
            cursor.Position += end + 1;
        call.Arguments = new CallArguments(flags, signal);
        return true;
    }

    private bool TryParseCloneFlags(ref LineCursor cursor, out ulong flags) =>
        ExpressionParser.TryParse(ref cursor, SymbolsOf(ProcessFlagNames.Clone), ProcessFlagNames.Clone.Expected, out flags);

    private static bool TryTakeThrough(ref LineCursor cursor, ReadOnlySpan<byte> literal)
    {
        int offset = cursor.Rest.IndexOf(literal);
        if (offset < 0)
            return false;
        cursor.Position += offset + literal.Length;
        return true;
    }

    private bool TryParseFileCall(ref LineCursor cursor, CallForm form, ref ParsedCall call)
    {
        switch (form)
        {
            case CallForm.Open:
                return TryParsePath(ref cursor, ref call) && TryParseOpenFlags(ref cursor, ref call);
            case CallForm.OpenAt:
                return TrySkipToNext(ref cursor) && TryParsePath(ref cursor, ref call) && TryParseOpenFlags(ref cursor, ref call);
            case CallForm.OpenAt2:
                return TrySkipToNext(ref cursor) && TryParsePath(ref cursor, ref call) && TryParseOpenStructure(ref cursor, ref call);
            case CallForm.Create or CallForm.MemoryFile:
                // creat opens for writing only; a memfd for reading and writing.
                call.Arguments = new CallArguments(form == CallForm.Create ? 1 : ProcessFlagNames.OpenReadWrite);
                return TryParsePath(ref cursor, ref call, form == CallForm.MemoryFile ? MemoryFilePrefix : default);
            case CallForm.SecretFile:
                call.Arguments = new CallArguments(ProcessFlagNames.OpenReadWrite);
                call.FilePath = SystemCallNames.SecretMemoryPath;
                return true;
            case CallForm.Execute:
                return TryParsePath(ref cursor, ref call);
            case CallForm.ExecuteAt:
                return TrySkipToNext(ref cursor) && TryParsePath(ref cursor, ref call);
            default:
                return TryParseDescriptorCall(ref cursor, form, ref call);
        }
    }

    /// <summary>Reads a path in quotes; strace -e raw writes an address instead, which names nothing.</summary>
    private bool TryParsePath(ref LineCursor cursor, ref ParsedCall call, ReadOnlySpan<byte> prefix = default)
    {
        cursor.SkipBlank();
        PerfArguments.TryTakeName(ref cursor, out _);
        if (cursor.Current != '"')
            return ArgumentScanner.TrySkipArgument(ref cursor);
        if (!ArgumentScanner.TrySkipString(ref cursor, out ReadOnlySpan<byte> content))
            return false;
        call.FilePath = InternDecoded(content, prefix);
        cursor.TryTake("..."u8);
        return true;
    }

    private bool TryParseOpenFlags(ref LineCursor cursor, ref ParsedCall call)
    {
        if (IsOfPerf && cursor.Current == ')')
            return true; // O_RDONLY is 0
        if (!TryTakeComma(ref cursor))
            return false;
        PerfArguments.TryTakeName(ref cursor, out _);
        if (!ExpressionParser.TryParse(ref cursor, SymbolsOf(ProcessFlagNames.Open), ProcessFlagNames.Open.Expected, out ulong flags))
            return false;
        call.Arguments = new CallArguments(flags);
        return true;
    }

    private bool TryParseOpenStructure(ref LineCursor cursor, ref ParsedCall call)
    {
        if (!TryTakeComma(ref cursor) || !cursor.TryTake("{flags="u8))
            return cursor.Expected is null;
        if (!ExpressionParser.TryParse(ref cursor, ProcessFlagNames.Open.Symbols, ProcessFlagNames.Open.Expected, out ulong flags))
            return false;
        if (cursor.Rest.IndexOf((byte)'}') is var end && end >= 0)
            cursor.Position += end + 1;
        call.Arguments = new CallArguments(flags);
        return true;
    }

    private bool TryParseDescriptorCall(ref LineCursor cursor, CallForm form, ref ParsedCall call)
    {
        string? path = null;
        if (form is CallForm.FileControl or CallForm.CloseRange && cursor.Rest.StartsWith("...)"u8))
        {
            // CallLogWriter's form of those that neither close nor duplicate.
            MakeOther(ref call, form == CallForm.FileControl ? FileControl : CloseRange, form == CallForm.FileControl ? "fcntl" : "close_range");
            return true;
        }

        if (IsOfPerf && cursor.Current == ')')
            return true; // descriptor 0
        PerfArguments.TryTakeName(ref cursor, out _);
        if (!TryParseNumber(ref cursor, Descriptor, out ulong first, ref path))
            return false;
        ulong last = first;
        if (form == CallForm.CloseRange)
        {
            if (IsOfPerf)
            {
                MakeOther(ref call, CloseRange, "close_range"); // without what is 0 the arguments are not known by their place
                return true;
            }

            if (!TryTakeComma(ref cursor) || !TryParseNumber(ref cursor, Descriptor, out last, ref path))
                return false;
            if (!TryTakeComma(ref cursor)
                || !ExpressionParser.TryParse(ref cursor, ProcessFlagNames.CloseRange.Symbols, ProcessFlagNames.CloseRange.Expected, out ulong flags))
                return false;
            if ((flags & ProcessFlagNames.CloseRangeOnExecute) != 0)
                MakeOther(ref call, CloseRange, "close_range");
        }

        if (form == CallForm.FileControl && !(TryTakeComma(ref cursor) && TryTakeDuplicateCommand(ref cursor)))
        {
            if (cursor.Expected is not null)
                return false;
            MakeOther(ref call, FileControl, "fcntl");
        }

        if (call.Number == SystemCallNumber.CloseFile)
            call.Arguments = new CallArguments(first, last);
        else if (call.Number == SystemCallNumber.DuplicateFile)
            call.Arguments = new CallArguments(first);
        return true;
    }

    /// <summary>A call of a modelled name that does not do what is modelled.</summary>
    private static void MakeOther(ref ParsedCall call, SystemCallNumber number, string name)
    {
        call.Number = number;
        call.IsModelled = false;
        call.Name = name;
    }

    private static bool TryTakeDuplicateCommand(ref LineCursor cursor)
    {
        PerfArguments.TryTakeName(ref cursor, out _);
        ReadOnlySpan<byte> command = cursor.TakeName();
        return command.SequenceEqual("F_DUPFD"u8) || command.SequenceEqual("F_DUPFD_CLOEXEC"u8)
            || command.SequenceEqual("0"u8) || command.SequenceEqual("0x406"u8)
            || command.SequenceEqual("DUPFD"u8) || command.SequenceEqual("DUPFD_CLOEXEC"u8);
    }

    private static bool TrySkipToNext(ref LineCursor cursor) =>
        ArgumentScanner.TrySkipArgument(ref cursor) && TryTakeComma(ref cursor);

    private static bool TryTakeComma(ref LineCursor cursor)
    {
        cursor.SkipBlank();
        if (!cursor.TryTake((byte)','))
            return cursor.Fail("','");
        cursor.SkipBlank();
        return true;
    }
}
