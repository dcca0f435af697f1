using System.Globalization;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Running;

namespace PageShift.Cli.Output.Html;

/// <summary>Keeps each call of a log, with what it changed in the mappings, for the page (docs/page.md). What is kept goes to a temporary file when it is much.</summary>
/// <remarks>The pseudo-calls of a tracer's log are folded into the call before them: with "present" and its kin the log says what no call did, and with the
/// calls from an unmapping of everything to "absent" what mappings there were.</remarks>
internal sealed class CallRecorder : IRunRecorder, ISpaceFollower, IDisposable
{
    private const ulong Everything = 0x7fff_ffff_f000;

    private readonly JsonSpool _calls = new("calls", isIndented: false);
    private readonly StringWriter _text = new(CultureInfo.InvariantCulture);
    private readonly CallLogWriter _writer;
    private readonly bool _isTracersLog;
    private readonly MappingChanges _changes = new();
    private ISpaceFollower? _next;
    private RecordedCall? _pending;
    private int _moves;
    private bool _isSeeding;
    private bool _isFolded;

    /// <param name="isTracersLog">True for a log that the tracer wrote: its openings of files only say what a mapping shows.</param>
    internal CallRecorder(bool isTracersLog)
    {
        _isTracersLog = isTracersLog;
        _writer = new CallLogWriter(_text, outcomeColumn: 0);
    }

    public void Dispose()
    {
        _calls.Dispose();
        _changes.Dispose();
        _text.Dispose();
    }

    /// <summary>Sees what is done to spaces, and passes it on to <paramref name="next"/>, if there is one.</summary>
    public ISpaceFollower Before(ISpaceFollower? next, int scale = 0)
    {
        _next = next;
        _changes.Scale = scale;
        return this;
    }

    /// <summary>A record is about to be executed.</summary>
    public void Begin(in CallRecord record)
    {
        _isFolded = IsFolded(record);
        if (_isFolded)
            return;
        WritePending();
        _moves = 0;
    }

    /// <summary>The record has been executed.</summary>
    /// <param name="record">The record.</param>
    /// <param name="outcome">What came of it.</param>
    public void End(in CallRecord record, in RecordOutcome outcome)
    {
        _moves += outcome.Moves;
        if (_isFolded)
            return;
        _text.GetStringBuilder().Clear();
        _writer.Write(record with { ThreadId = 0, Timestamp = default });
        _pending = new RecordedCall(record.Line, record.ThreadId, CallGroupOf.Record(record), outcome.Fate == RecordFate.Executed, _text.ToString().TrimEnd());
    }

    /// <summary>Writes what was kept: an object with the array <c>calls</c>.</summary>
    internal void Finish(Stream output)
    {
        WritePending();
        _calls.Finish(output, new CallsHead(_changes.Spaces), ReportJson.Default.CallsHead);
    }

    void ISpaceFollower.Made(AddressSpace space)
    {
        _changes.Made(space);
        _next?.Made(space);
    }

    void ISpaceFollower.Forked(AddressSpace parent, AddressSpace child)
    {
        _changes.Forked(parent, child);
        _next?.Forked(parent, child);
    }

    void ISpaceFollower.Ended(AddressSpace space)
    {
        _changes.Ended(space);
        _next?.Ended(space);
    }

    void ISpaceFollower.Called(in CallRecord record, AddressSpace space, in SystemCall call, CallResult result)
    {
        _changes.Called(space, call, result);
        _next?.Called(record, space, call, result);
    }

    private bool IsFolded(in CallRecord record)
    {
        if (record.Kind != CallRecordKind.Call)
            return true;
        CallArguments a = record.Call.Arguments;
        switch (record.Call.Number)
        {
            case SystemCallNumber.Unmap when a.First == 0 && a.Second >= Everything:
                _isSeeding = true;
                return true;
            case PseudoCall.Absent:
                _isSeeding = false;
                return true;
            case PseudoCall.Present or PseudoCall.AnonVma or PseudoCall.Mapping:
                return true;
            case SystemCallNumber.OpenFile:
                return _isSeeding || _isTracersLog;
            default:
                return _isSeeding;
        }
    }

    private void WritePending()
    {
        if (_pending is not { } call)
            return;
        _calls.Array.WriteStartArray();
        _calls.Array.WriteNumberValue(call.Line);
        _calls.Array.WriteNumberValue(call.Thread);
        _calls.Array.WriteNumberValue((int)call.Group);
        _calls.Array.WriteNumberValue(call.WasExecuted ? 1 : 0);
        _calls.Array.WriteStringValue(call.Text);
        _calls.Array.WriteNumberValue(_moves);
        _changes.WriteTo(_calls.Array);
        _calls.Array.WriteEndArray();
        _calls.Settle();
        _pending = null;
    }

    private sealed record RecordedCall(long Line, int Thread, CallGroup Group, bool WasExecuted, string Text);
}
