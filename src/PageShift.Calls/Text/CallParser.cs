using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.SystemCalls;

namespace PageShift.Calls.Text;

/// <summary>Reads one call, <c>name(arguments) = outcome</c>, from text without prefix.</summary>
internal sealed partial class CallParser
{
    /// <summary>What a syntax error says where no call begins.</summary>
    public const string ExpectedCall = "a system call, such as munmap(0x1000, 4096)";

    private readonly NameCache _names = new();
    private byte[] _decoded = [];

    /// <summary>Reads a call that fills the rest of the text.</summary>
    /// <param name="cursor">At the name.</param>
    /// <param name="isPartial">The text ends somewhere in the arguments, and nothing is known of the outcome.</param>
    /// <param name="call">The call; its outcome is <see cref="CallOutcome.Unknown"/> when <paramref name="isPartial"/>.</param>
    public bool TryParse(ref LineCursor cursor, bool isPartial, out ParsedCall call)
    {
        call = default;
        int start = cursor.Position;
        ReadOnlySpan<byte> name = TakeCallName(ref cursor);
        if (name.IsEmpty || LineCursor.IsDigit(name[0]) || cursor.Current != '(')
            return cursor.FailAt(start, ExpectedCall);
        cursor.Position++;

        bool isKnown = SystemCallNames.TryFind(name, out NamedCall named, out bool isRaw);
        call.Number = isKnown ? named.Number : PseudoCall.Unknown;
        call.IsModelled = named.IsModelled;
        if (!TryParseArguments(ref cursor, named, isPartial, isRaw, ref call))
            return false;
        if (!call.IsModelled)
            call.Name ??= isKnown ? named.Name : _names.Intern(name);
        if (isPartial)
        {
            call.Outcome = CallOutcome.Unknown;
            return true;
        }

        return (cursor.TryTake((byte)')') || cursor.Fail("')'")) && TryParseOutcome(ref cursor, ref call);
    }

    /// <summary>Takes a call's name; strace writes question marks where the thread died before the call's number could be read.</summary>
    public static ReadOnlySpan<byte> TakeCallName(ref LineCursor cursor)
    {
        int start = cursor.Position;
        while (cursor.TryTake((byte)'?'))
        {
        }

        return cursor.Position > start ? cursor.Text[start..cursor.Position] : cursor.TakeName();
    }

    /// <summary>Reads the arguments up to the closing parenthesis, or to the end of partial text.</summary>
    private bool TryParseArguments(ref LineCursor cursor, in NamedCall named, bool isPartial, bool isRaw, ref ParsedCall call)
    {
        CallForm form = named.Form;
        switch (form)
        {
            case CallForm.Numbers:
                return TryParseNumbers(ref cursor, named.Signature!, isPartial, isRaw, ref call);
            case CallForm.Fork or CallForm.VFork or CallForm.Clone or CallForm.Clone3:
                return TryParseClone(ref cursor, form, ref call) && ArgumentScanner.TrySkipArguments(ref cursor);
            case CallForm.Ignored:
                return ArgumentScanner.TrySkipArguments(ref cursor);
            case CallForm.SetLimit or CallForm.ProcessLimit:
                return (isPartial || TryParseLimit(ref cursor, form, ref call)) && ArgumentScanner.TrySkipArguments(ref cursor);
            default:
                // Of a file call that is cut off only execve's path is of use: it may be all that the log shows of the execution.
                return ((isPartial && form != CallForm.Execute) || TryParseFileCall(ref cursor, form, ref call))
                    && ArgumentScanner.TrySkipArguments(ref cursor);
        }
    }

    private bool TryParseNumbers(ref LineCursor cursor, CallSignature signature, bool isPartial, bool isRaw, ref ParsedCall call)
    {
        LogParameter[] parameters = signature.Parameters;
        Span<ulong> registers = stackalloc ulong[CallArguments.Count];
        int count = 0;
        cursor.SkipBlank();
        while (count < parameters.Length && cursor.Current != ')' && !IsCutOff(ref cursor, isPartial))
        {
            if (!TryParseNumber(ref cursor, parameters[count], out registers[count], ref call.FilePath))
                return false;
            count++;
            cursor.SkipBlank();
            if (cursor.Current == ')' || IsCutOff(ref cursor, isPartial))
                break;
            if (count == parameters.Length)
            {
                if (isRaw)
                    ArgumentScanner.TrySkipArguments(ref cursor);
                break;
            }

            if (!cursor.TryTake((byte)','))
                return cursor.Fail(count < signature.RequiredCount ? "','" : "',' or ')'");
            cursor.SkipBlank();
        }

        call.Arguments = new CallArguments(registers[0], registers[1], registers[2], registers[3], registers[4], registers[5]);
        return count >= signature.RequiredCount || cursor.Current != ')' || cursor.Fail(parameters[count].Expected);
    }

    /// <summary>True where the arguments stop early: partial text is at its end, or strace says that the thread died inside the call.</summary>
    private static bool IsCutOff(ref LineCursor cursor, bool isPartial) =>
        (isPartial && cursor.IsAtEnd) || (cursor.Current == '<' && cursor.TryTake("<unfinished ...>"u8));

    private bool TryParseNumber(ref LineCursor cursor, LogParameter parameter, out ulong value, ref string? filePath)
    {
        if (parameter.Form == ArgumentForm.Vector && cursor.Current == '[')
        {
            value = 0;
            return ArgumentScanner.TrySkipArgument(ref cursor);
        }

        if (!ExpressionParser.TryParse(ref cursor, parameter.Names?.Symbols, parameter.Expected, out value, parameter.Names is { HasOctal: true }))
            return false;
        if (parameter.Form is ArgumentForm.FileDescriptor or ArgumentForm.Signed)
            value = SignExtend(value);
        return parameter.Form != ArgumentForm.FileDescriptor || cursor.Current != '<' || TryParseAnnotation(ref cursor, out filePath);
    }

    /// <summary>An int that strace shows raw, as 32 bits, has the value that the kernel takes it for.</summary>
    private static ulong SignExtend(ulong value) => value is > int.MaxValue and <= uint.MaxValue ? (ulong)(int)value : value;

    private bool TryParseAnnotation(ref LineCursor cursor, out string? filePath)
    {
        filePath = null;
        if (!ArgumentScanner.TrySkipAnnotation(ref cursor, out ReadOnlySpan<byte> content))
            return false;
        filePath = InternDecoded(content);
        cursor.TryTake("(deleted)"u8);
        return true;
    }

    private string InternDecoded(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix = default)
    {
        if (prefix.IsEmpty && !text.Contains((byte)'\\'))
            return _names.Intern(text);
        if (_decoded.Length < prefix.Length + text.Length)
            _decoded = new byte[prefix.Length + text.Length];
        prefix.CopyTo(_decoded);
        int length = prefix.Length + EscapedText.Decode(text, _decoded.AsSpan(prefix.Length));
        return _names.Intern(_decoded.AsSpan(0, length));
    }
}
