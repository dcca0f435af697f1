using System.Runtime.CompilerServices;
using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.SystemCalls;

namespace PageShift.Calls.Text;

/// <summary>Reads one call, <c>name(arguments) = outcome</c>, from text without prefix.</summary>
internal sealed partial class CallParser
{
    /// <summary>What a syntax error says where no call begins.</summary>
    public const string ExpectedCall = "a system call, such as munmap(0x1000, 4096)";

    /// <summary>How many arguments QEMU writes of the calls that it has no form for.</summary>
    private const int RegisterCount = 6;

    private readonly NameCache _names = new();
    private byte[] _decoded = [];

    /// <summary>True once the log has turned out to be perf trace's, which leaves out arguments that are 0.</summary>
    public bool IsOfPerf { get; set; }

    /// <summary>Reads a call that fills the rest of the text.</summary>
    /// <param name="cursor">At the name.</param>
    /// <param name="isPartial">The text ends somewhere in the arguments, and nothing is known of the outcome.</param>
    /// <param name="call">The call; its outcome is <see cref="CallOutcome.Unknown"/> when <paramref name="isPartial"/>.</param>
    public bool TryParse(ref LineCursor cursor, bool isPartial, out ParsedCall call)
    {
        CallHead.TryRead(cursor, out CallHead head);
        return TryParse(ref cursor, head, isPartial, out call);
    }

    /// <summary>Reads a call that fills the rest of the text, and whose head has been read.</summary>
    public bool TryParse(ref LineCursor cursor, in CallHead head, bool isPartial, out ParsedCall call)
    {
        call = default;
        if (head.NameEnd == 0)
            return cursor.Fail(ExpectedCall);
        int start = cursor.Position;
        cursor.Position = head.NameEnd + 1;

        ref readonly NamedCall named = ref head.Named;
        call.Number = head.IsKnown ? named.Number : PseudoCall.Unknown;
        call.IsModelled = named.IsModelled;
        call.Is32Bit = named.Is32Bit;
        if (named.Form == CallForm.Ignored)
            call.Name = head.IsKnown ? named.Name : _names.Intern(cursor.Text[start..head.NameEnd]);
        if (named.Form == CallForm.Ignored && head.IsKnown && !isPartial && !named.ChangesMemory)
            return TryParseHarmless(ref cursor, ref call);
        if (named.Form == CallForm.Control)
            return TryParseControl(ref cursor, named, isPartial, head.IsRaw, ref call);
        if (!TryParseArguments(ref cursor, named, isPartial, head.IsRaw, ref call))
            return false;
        if (isPartial)
        {
            call.Outcome = CallOutcome.Unknown;
            return true;
        }

        return TryParseEnd(ref cursor, ref call);
    }

    private bool TryParseEnd(ref LineCursor cursor, ref ParsedCall call) =>
        (cursor.TryTake((byte)')') || cursor.Fail("')'")) && TryParseOutcome(ref cursor, ref call);

    /// <summary>Reads a call whose arguments need not be readable: the program's own output may stand among them, with brackets and quotes of its own.</summary>
    private bool TryParseHarmless(ref LineCursor cursor, ref ParsedCall call)
    {
        LineCursor torn = cursor;
        if (ArgumentScanner.TrySkipArguments(ref cursor) && TryParseEnd(ref cursor, ref call))
            return true;
        int end = EndOfArguments(torn.Rest);
        if (end < 0)
            return false;
        torn.Position += end;
        if (!TryParseEnd(ref torn, ref call))
            return false;
        cursor = torn;
        return true;
    }

    /// <summary>The last closing parenthesis behind which, after spaces, '=' stands; -1 for none.</summary>
    private static int EndOfArguments(ReadOnlySpan<byte> text)
    {
        for (int equals = text.LastIndexOf((byte)'='); equals > 0; equals = text[..equals].LastIndexOf((byte)'='))
        {
            ReadOnlySpan<byte> before = text[..equals].TrimEnd((byte)' ');
            if (before.Length < equals && before.EndsWith(")"u8))
                return before.Length - 1;
        }

        return -1;
    }

    /// <summary>Takes a call's name; strace writes question marks where the thread died before the call's number could be read.</summary>
    public static ReadOnlySpan<byte> TakeCallName(ref LineCursor cursor)
    {
        if (cursor.Current != '?')
            return cursor.TakeName();
        int start = cursor.Position;
        while (cursor.TryTake((byte)'?'))
        {
        }

        return cursor.Text[start..cursor.Position];
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
                return TryParseClone(ref cursor, form, isPartial, ref call) && ArgumentScanner.TrySkipArguments(ref cursor);
            case CallForm.Ignored:
                return ArgumentScanner.TrySkipArguments(ref cursor);
            case CallForm.Capabilities:
                TryReadCapabilities(cursor, ref call);
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
        if (IsOfPerf && PerfArguments.NamesOf(call.Number) is { } names)
            return TryParseNamed(ref cursor, parameters, names, isPartial, ref call);
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
                if (isRaw || HasAllRegisters(cursor, count))
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

    /// <summary>Reads arguments that stand behind their names; those that do not stand are 0.</summary>
    private bool TryParseNamed(ref LineCursor cursor, LogParameter[] parameters, IReadOnlyList<string> names, bool isPartial, ref ParsedCall call)
    {
        while (cursor.Current != ')' && !IsCutOff(ref cursor, isPartial))
        {
            int start = cursor.Position;
            int index = PerfArguments.TryTakeName(ref cursor, out ReadOnlySpan<byte> name) ? IndexOf(names, name) : -1;
            if (index < 0)
                return cursor.FailAt(start, names.Count == 0 ? "')'" : $"an argument's name, such as {names[0]}");
            if (!TryParseNumber(ref cursor, parameters[index], out ulong value, ref call.FilePath))
                return false;
            call.Arguments = call.Arguments.With(index, value);
            cursor.SkipBlank();
            if (cursor.TryTake((byte)','))
                cursor.SkipBlank();
            else if (cursor.Current != ')' && !IsCutOff(ref cursor, isPartial))
                return cursor.Fail("',' or ')'");
        }

        return true;
    }

    private static int IndexOf(IReadOnlyList<string> names, ReadOnlySpan<byte> name)
    {
        int index = names.Count - 1;
        while (index >= 0 && !System.Text.Ascii.Equals(names[index], name))
            index--;
        return index;
    }

    /// <summary>True where numbers follow up to the sixth: QEMU writes all registers of calls that it has no form for.</summary>
    private static bool HasAllRegisters(LineCursor cursor, int count)
    {
        while (cursor.TryTake((byte)','))
        {
            if (!ExpressionParser.TryParse(ref cursor, null, "a number", out _))
                return false;
            count++;
        }

        return count == RegisterCount && cursor.Current == ')';
    }

    /// <summary>True where the arguments stop early: partial text is at its end, or strace says that the thread died inside the call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCutOff(ref LineCursor cursor, bool isPartial) =>
        (isPartial && cursor.IsAtEnd) || (cursor.Current == '<' && cursor.TryTake("<unfinished ...>"u8));

    private bool TryParseNumber(ref LineCursor cursor, LogParameter parameter, out ulong value, ref string? filePath)
    {
        if (parameter.Form == ArgumentForm.Vector && cursor.Current is (byte)'[' or (byte)'{')
        {
            value = 0;
            return ArgumentScanner.TrySkipArgument(ref cursor);
        }

        if (!ExpressionParser.TryParse(ref cursor, SymbolsOf(parameter.Names), parameter.Expected, out value, parameter.Names is { HasOctal: true }))
            return false;
        if (parameter.Form is ArgumentForm.FileDescriptor or ArgumentForm.Signed or ArgumentForm.Identifier)
            value = SignExtend(value);
        return parameter.Form != ArgumentForm.FileDescriptor || TryParseFile(ref cursor, ref filePath);
    }

    private SymbolTable? SymbolsOf(FlagSet? names) => IsOfPerf ? names?.ShortSymbols : names?.Symbols;

    /// <summary>The file behind a descriptor: <c>3&lt;/etc/hosts&gt;</c> with strace -y; <c>0x3 /etc/hosts</c> or <c>0xffffffffffffffff (bad FD)</c> in gVisor's logs.</summary>
    private bool TryParseFile(ref LineCursor cursor, ref string? filePath)
    {
        if (cursor.Current == '<')
            return TryParseAnnotation(ref cursor, out filePath);
        if (cursor.TryTake("(bad FD)"u8) || cursor.Current != '/')
            return true;
        int end = cursor.Rest.IndexOf(", "u8);
        ReadOnlySpan<byte> path = end < 0 ? cursor.Rest.TrimEnd((byte)')') : cursor.Rest[..end];
        filePath = InternDecoded(path);
        cursor.Position += path.Length;
        return true;
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
