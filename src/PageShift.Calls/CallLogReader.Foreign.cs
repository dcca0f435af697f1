using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.Calls.Text;

namespace PageShift.Calls;

/// <content>Lines of perf trace and of gVisor.</content>
public sealed partial class CallLogReader
{
    private static ReadOnlySpan<byte> ContinuedMark => "... [continued]: "u8;

    /// <summary>Reads a line of another tracer behind its prefix.</summary>
    private bool ReadForeign(ref LineCursor cursor, in LinePrefix prefix, out CallRecord record)
    {
        record = default;
        int thread = _tracees.Resolve(prefix, isInitialBusy: false);
        _parser.IsOfPerf |= prefix.Dialect == LogDialect.Perf;
        if (prefix.Dialect == LogDialect.GVisorEntry)
            return ReadEntry(ref cursor, thread, prefix.Timestamp, out record);
        if (cursor.TryTake(ContinuedMark))
            return ReadContinued(ref cursor, thread, prefix.Timestamp, out record);
        ReadOnlySpan<byte> text = cursor.Text.TrimEnd((byte)' ');
        if (prefix.Dialect == LogDialect.Perf && text.EndsWith(" ..."u8) && text[..^4].TrimEnd((byte)' ') is var begun && begun.EndsWith(")"u8))
            return Suspend(ref cursor, begun.Length - 1, thread, prefix.Timestamp, null);
        return ReadCall(ref cursor, thread, prefix.Timestamp, null, out record);
    }

    /// <summary>gVisor writes a call twice. Where it begins, only a clone's is of use: its thread may have lines before it returns.</summary>
    private bool ReadEntry(ref LineCursor cursor, int thread, CallTimestamp timestamp, out CallRecord record)
    {
        record = default;
        LineCursor attempt = cursor;
        if (SystemCallNames.TryFind(CallParser.TakeCallName(ref attempt), out NamedCall named, out _) && named.Number == SystemCallNumber.Clone
            && _parser.TryParse(ref cursor, isPartial: true, out ParsedCall call))
        {
            record = RecordOf(CallRecordKind.CloneStarted, call, _lines.LineCount, thread, timestamp) with { Outcome = CallOutcome.None };
            return true;
        }

        _diagnostics++;
        return false;
    }

    /// <summary>perf trace: <c>... [continued]: mmap()) = 0x1000</c>. What a clone returns to its child is no call of the child's.</summary>
    private bool ReadContinued(ref LineCursor cursor, int thread, CallTimestamp timestamp, out CallRecord record)
    {
        record = default;
        int start = cursor.Position;
        ReadOnlySpan<byte> name = cursor.TakeName();
        bool changesMemory = ChangesMemory(name);
        if (!cursor.TryTake("()"u8))
        {
            cursor.FailAt(start, CallParser.ExpectedCall);
            return Reject(cursor, null, changesMemory);
        }

        if (!_unfinished.Remove(thread, out UnfinishedCall? call))
        {
            SystemCallNames.TryFind(name, out NamedCall named, out _);
            if (named.IsModelled && named.Number == SystemCallNumber.Clone)
            {
                _diagnostics++;
                return false;
            }

            // perf trace leaves out what is 0, so that without its beginning a call has arguments that are not known.
            if (named.IsModelled && named.Number == SystemCallNumber.Execute)
                return ReadWithoutBeginning(ref cursor, start, name.Length, thread, timestamp, null, out record);
            cursor.FailAt(start, "the beginning of this call on an earlier line");
            return Reject(cursor, null, changesMemory);
        }

        call.Append(cursor.Rest, _lines.LineCount, LineCursor.ColumnOf(cursor.Text, 0, cursor.Position));
        var joined = new LineCursor(call.Text);
        bool isRead = ReadCall(ref joined, thread, call.Timestamp, call, out record);
        Spare(call);
        return isRead;
    }
}
