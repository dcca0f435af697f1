using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.SystemCalls;

namespace PageShift.Verification.Conformance;

/// <summary>What a step of the exported suite does; the names are those of the C runtime.</summary>
internal enum StepOperation
{
    Call,
    Set,
    Read,
    Fork,
    Exit,
    Limit,
    Open,
    MemoryFile,
    SecretFile,
    Truncate,
    Close,
    InCore,
    Fill,
    Vdso,
    UserFault,
    Maps,
    Flags,
    Pages,
    Within,
    Cost,
}

/// <summary>What a step has to return.</summary>
internal enum StepExpectation
{
    Value,
    Error,
    Address,
    Identifier,
    Descriptor,
}

/// <summary>One line of a case as data: a call with its result, or a look at what the calls have left.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Process">The process that does it, by its number in the case.</param>
/// <param name="Line">The line of the case.</param>
internal sealed record CaseStep(StepOperation Operation, int Process, string Line)
{
    private const MapFlags Placed = MapFlags.Fixed | MapFlags.FixedNoReplace;

    /// <summary>The kernel's name of the call; empty for what is none.</summary>
    internal string CallName { get; private init; } = "";

    /// <summary>A letter for each argument, which says how it is moved to another address space: see the C runtime.</summary>
    internal string Forms { get; private init; } = "";

    /// <summary>The arguments.</summary>
    internal ulong[] Arguments { get; private init; } = [];

    /// <summary>What has to be returned.</summary>
    internal StepExpectation Expectation { get; private init; }

    /// <summary>The value, or the number of the error.</summary>
    internal long Value { get; private init; }

    /// <summary>True when the kernel may choose the address that is returned.</summary>
    internal bool IsOpen { get; private init; }

    /// <summary>What a look has to show, mincore's vector, or the path of a file.</summary>
    internal string Expected { get; private init; } = "";

    /// <summary>True when it looks, and calls nothing.</summary>
    internal bool IsLook => Operation is StepOperation.Maps or StepOperation.Flags or StepOperation.Pages or StepOperation.Within or StepOperation.Cost;

    /// <summary>The addresses that it names: arguments, and the result.</summary>
    internal IEnumerable<ulong> Addresses =>
        Arguments.Where((_, i) => i < Forms.Length && Forms[i] == 'a').Concat(Expectation == StepExpectation.Address && Value != 0 ? [(ulong)Value] : []);

    /// <summary>A call.</summary>
    /// <exception cref="NotSupportedException">The suite has no such call.</exception>
    internal static CaseStep Of(string line, in CallRecord record)
    {
        SystemCall call = record.Call;
        CallArguments a = call.Arguments;
        string path = record.FilePath ?? "";
        CaseStep step = call.Number switch
        {
            PseudoCall.MemorySet => Plain(StepOperation.Set, "acl", a),
            PseudoCall.MemoryRead => Plain(StepOperation.Read, "al", a),
            SystemCallNumber.Clone => Plain(StepOperation.Fork, "", default),
            SystemCallNumber.Exit or SystemCallNumber.ExitGroup => Plain(StepOperation.Exit, "", default),
            SystemCallNumber.SetLimit => Plain(StepOperation.Limit, "cc", a),
            SystemCallNumber.OpenFile when CallPaths.IsMemoryFile(path) => Plain(StepOperation.MemoryFile, "", default),
            SystemCallNumber.OpenFile when CallPaths.IsSecretMemory(path) => Plain(StepOperation.SecretFile, "", default),
            SystemCallNumber.OpenFile => Plain(StepOperation.Open, "cc", new CallArguments(a.First, CallPaths.TryGetDescriptor(path, out int descriptor) ? (ulong)descriptor : 0)) with { Expected = path },
            SystemCallNumber.Truncate => Plain(StepOperation.Truncate, "fl", a),
            SystemCallNumber.CloseFile when a.First == a.Second => Plain(StepOperation.Close, "f", a),
            SystemCallNumber.InCore when a.Third == 0 => Plain(StepOperation.InCore, "al", a) with { Expected = VectorOf(line) },
            _ when call.Description is { IsModelled: true } described => new CaseStep(StepOperation.Call, 0, "")
            {
                CallName = described.Name,
                Forms = string.Concat(described.Parameters.Take(described.UsedArguments(a)).Select(FormOf)),
                Arguments = [.. Enumerable.Range(0, described.UsedArguments(a)).Select(i => a[i])],
                IsOpen = MayChoose(call.Number, a),
            },
            _ => throw new NotSupportedException($"the conformance suite has no call like '{line}'"),
        };
        return step.Ending(record) with { Process = record.ThreadId, Line = line };

        static CaseStep Plain(StepOperation operation, string forms, CallArguments arguments) =>
            new(operation, 0, "") { Forms = forms, Arguments = [.. Enumerable.Range(0, forms.Length).Select(i => arguments[i])] };
    }

    /// <summary>A line that begins with <see cref="CaseDirective">a word for the case's own steps</see>: a look, or one that sets something up.</summary>
    internal static CaseStep OfDirective(string line, int process, Func<string, ulong> number)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words[0] switch
        {
            "#maps" => new CaseStep(StepOperation.Maps, process, line) { Expected = line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..] },
            "#flags" => new CaseStep(StepOperation.Flags, process, line) { Forms = "a", Arguments = [number(words[1])], Expected = FlagCodes.Of(string.Join(' ', words.Skip(2))) },
            "#fill" => new CaseStep(StepOperation.Fill, process, line) { Forms = "a", Arguments = [number(words[1])] },
            "#vdso" => new CaseStep(StepOperation.Vdso, process, line) { Forms = "a", Arguments = [number(words[1])] },
            "#userfaultfd" => new CaseStep(StepOperation.UserFault, process, line) { Forms = "al", Arguments = [number(words[1]), number(words[2])] },
            "#within" => new CaseStep(StepOperation.Within, process, line) { Forms = "al", Arguments = [number(words[1]), number(words[2])], Expected = string.Join(' ', words.Skip(3)) },
            "#cost" => new CaseStep(StepOperation.Cost, process, line) { Forms = "cc", Arguments = [number(words[2]), number(words[4])], Expected = string.Join(' ', words.Skip(1)) },
            "#pages" => new CaseStep(StepOperation.Pages, process, line) { Forms = "al", Arguments = [number(words[1]), number(words[2])], Expected = words[3] },
            _ => throw new NotSupportedException($"the conformance suite has no look like '{line}'"),
        };
    }

    private CaseStep Ending(in CallRecord record)
    {
        if (record.Outcome.State == CallOutcomeState.Error)
            return this with { Expectation = StepExpectation.Error, Value = (long)record.Outcome.Error };
        long value = record.Outcome.State == CallOutcomeState.Value ? record.Outcome.Value : 0;
        StepExpectation kind = Operation switch
        {
            StepOperation.Open or StepOperation.MemoryFile or StepOperation.SecretFile => StepExpectation.Descriptor,
            StepOperation.Fork => StepExpectation.Identifier,
            _ when record.Call.ReturnsAddress => StepExpectation.Address,
            _ when record.Call.Description is { ReturnsIdentifier: true } => StepExpectation.Identifier,
            _ => StepExpectation.Value,
        };
        return this with { Expectation = kind, Value = value };
    }

    private static char FormOf(CallParameter parameter) => parameter.Form switch
    {
        ArgumentForm.Address => 'a',
        ArgumentForm.Vector => 'a',
        ArgumentForm.Length => 'l',
        ArgumentForm.Offset => 'o',
        ArgumentForm.FileDescriptor => 'f',
        ArgumentForm.Identifier => 'i',
        ArgumentForm.Number when parameter.Name == "key" => 'k',
        _ => 'c',
    };

    private static bool MayChoose(SystemCallNumber number, CallArguments a) => number switch
    {
        SystemCallNumber.Map => ((MapFlags)a.Fourth & Placed) == 0,
        SystemCallNumber.Remap => ((RemapFlags)a.Fourth & RemapFlags.Fixed) == 0 && ((RemapFlags)a.Fourth & RemapFlags.MayMove) != 0,
        SystemCallNumber.AttachSegment => a.Second == 0,
        _ => false,
    };

    /// <summary>mincore's vector in a line: a digit for each page.</summary>
    private static string VectorOf(string line)
    {
        int start = line.IndexOf('[', StringComparison.Ordinal), end = line.IndexOf(']', StringComparison.Ordinal);
        return start < 0 || end < start ? "" : string.Concat(line[start..end].Where(char.IsAsciiDigit));
    }
}
