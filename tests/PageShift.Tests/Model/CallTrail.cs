using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;

namespace PageShift.Tests.Model;

/// <summary>Writes the calls of a world as a log that <c>pageshift run</c> can read; reads of memory become comments.</summary>
internal sealed class CallTrail
{
    private const int FirstThread = 1000;

    private readonly StringWriter _text = new(CultureInfo.InvariantCulture);
    private readonly CallLogWriter _writer;
    private ModelCall _pending;

    internal CallTrail() => _writer = new CallLogWriter(_text);

    public override string ToString() => _text.ToString();

    internal void Open(int descriptor, string path) => _writer.Write(new CallRecord
    {
        Kind = CallRecordKind.Call,
        ThreadId = FirstThread,
        Call = new SystemCall(SystemCallNumber.OpenFile, new CallArguments(2)),
        Outcome = CallOutcome.OfValue(descriptor),
        FilePath = path,
    });

    /// <summary>Notes a call that is about to be made; those without a result are written at once.</summary>
    internal void Begin(in ModelCall call)
    {
        _pending = call;
        CallArguments a = call.Arguments;
        if (call.Kind == PseudoCall.Unknown)
            _text.Write(string.Create(CultureInfo.InvariantCulture, $"# process {call.Process} reads {a.Third} bytes at 0x{a.First:x}\n"));
        else if (call.Kind == PseudoCall.MemorySet)
            Write(call, CallOutcome.None);
    }

    internal void End(in ModelCall call, CallResult result) =>
        Write(call, result.IsError ? CallOutcome.OfError(result.Error) : CallOutcome.OfValue(result.Raw));

    internal void End(int child) => Write(_pending, CallOutcome.OfValue(FirstThread + child));

    private void Write(in ModelCall call, CallOutcome outcome) => _writer.Write(new CallRecord
    {
        Kind = CallRecordKind.Call,
        ThreadId = FirstThread + call.Process,
        Call = new SystemCall(call.Kind, call.Arguments),
        Outcome = outcome,
    });
}
