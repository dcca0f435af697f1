using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Calls that ran at the same time: of the orders in which they may have been made, one is taken that explains what they returned.</content>
public sealed partial class LogExecutor
{
    /// <summary>The calls of one space that wait at most. Beyond it they no longer wait for one that is open.</summary>
    private const int MostWaiting = 128;

    /// <summary>The calls that are tried at most before the order in which they ended is taken.</summary>
    private const int MostTrials = 500;

    private readonly HashSet<LogProcess> _overlapping = [];

    // The records so far: the clock by which calls begin and end.
    private long _time;

    /// <summary>True while an order is tried: then nothing is told or counted.</summary>
    private bool _isTrying;

    /// <summary>Makes the calls that still wait for others to end. For the end of a log.</summary>
    /// <exception cref="OutOfMemoryException">The host has not enough memory for it; nothing is to be made of this executor any more.</exception>
    public void Finish()
    {
        foreach (LogProcess process in _overlapping.ToArray())
            Settle(process, evenIfOpen: true);
        _memory.ThrowIfHostExhausted();
    }

    /// <summary>A call has begun of which the log shows the end later.</summary>
    private void BeginCall(in CallRecord record)
    {
        LogProcess process = _processes.Of(record.ThreadId);
        process.Overlap.Begin(record.ThreadId, record.Call, _time);
        _overlapping.Add(process);
    }

    /// <summary>True for a call that has to wait, as it may have been made before or after others that have not ended.</summary>
    private bool Waits(in CallRecord record)
    {
        if (_processes.Find(record.ThreadId) is not { Overlap: { IsEmpty: false } overlap } process)
            return false;
        long begin = overlap.End(record.ThreadId, _time);
        bool waits = false;
        if (IsMemoryCall(record))
        {
            var footprint = CallFootprint.Of(record);
            bool isUnfit = overlap.HasUnplaced && !overlap.HasToWait(footprint) && !Fits(process, record, footprint);
            waits = isUnfit || overlap.HasToWait(footprint);
            if (waits)
            {
                OpenFile? file = record.Call.Description?.Descriptor(record.Call.Arguments) is >= 0 and int descriptor ? process.Infer(descriptor) : null;
                overlap.Waiting.Add(new WaitingCall(record, begin, _time, footprint, file) { IsUnfit = isUnfit });
            }
        }

        Settle(process, evenIfOpen: overlap.Waiting.Count > MostWaiting || NeedsWholeSpace(record));
        return waits;
    }

    /// <summary>A thread has ended, or is about to copy its space: calls that wait in it are made.</summary>
    private void EndCalls(int thread, bool evenIfOpen)
    {
        if (_overlapping.Count == 0 || _processes.Find(thread) is not { } process)
            return;
        if (!evenIfOpen)
            _ = process.Overlap.End(thread, _time);
        Settle(process, evenIfOpen);
    }

    /// <summary>True when a call, made now, returns what the log says.</summary>
    private bool Fits(LogProcess process, in CallRecord record, in CallFootprint footprint)
    {
        var call = new WaitingCall(record, _time, _time, footprint, null);
        LogStatistics counts = _counts;
        (_counts, _isTrying) = (new LogStatistics(), true);
        using LogProcess copy = process.Copy(RangesOf([call]));
        RecordOutcome outcome = FollowCall(copy, record, record.Call.Description!);
        (_counts, _isTrying) = (counts, false);
        return outcome.Divergence is null && !outcome.IsUnexplained;
    }

    private static bool IsMemoryCall(in CallRecord record) =>
        record.Outcome.State != CallOutcomeState.Unknown && !record.IsInjected && record.Call.Description is { IsModelled: true };

    /// <summary>True when a call does something with the space as a whole, so that none may be left that came before.</summary>
    private static bool NeedsWholeSpace(in CallRecord record) =>
        (record.Call.Number == SystemCallNumber.Clone && !record.CloneFlags.HasFlag(CloneFlags.SharedMemory))
        || record.Call.Number == SystemCallNumber.Execute
        || record.Call.Number is PseudoCall.MemorySet or PseudoCall.MemoryRead or PseudoCall.Present or PseudoCall.Absent or PseudoCall.AnonVma or PseudoCall.Mapping or PseudoCall.RelocateDown;

    /// <summary>Makes the calls of a space that have waited long enough.</summary>
    private void Settle(LogProcess process, bool evenIfOpen)
    {
        while (process.Overlap.TryFindDecided(evenIfOpen, out List<WaitingCall>? calls, out int decided))
        {
            bool isExplained = TryFindOrder(process, calls, decided, out List<WaitingCall> order);
            bool hasDiverged = false;
            foreach (WaitingCall call in order)
            {
                process.Overlap.Waiting.Remove(call);
                RecordOutcome outcome = ExecuteWaiting(process, call, hidesDivergence: hasDiverged);
                hasDiverged |= !isExplained && outcome.Divergence is not null;
            }
        }

        if (process.Overlap.IsEmpty)
            _overlapping.Remove(process);
    }

    /// <summary>Makes a call that has waited. What no order explains is said once: what follows from it is not.</summary>
    private RecordOutcome ExecuteWaiting(LogProcess process, WaitingCall call, bool hidesDivergence)
    {
        CallRecord record = call.Record;
        _record = record;
        _moves = 0;
        _observer?.OnExecuting(record);
        RecordOutcome outcome = FollowWith(process, call) with { Moves = _moves };
        if (hidesDivergence)
            outcome = outcome with { Divergence = null };
        Tell(record, outcome);
        return outcome;
    }

    /// <summary>Follows a call with the file that its descriptor meant when it was made.</summary>
    private RecordOutcome FollowWith(LogProcess process, WaitingCall call)
    {
        if (call.File is null)
            return FollowCall(process, call.Record, call.Record.Call.Description!);
        int descriptor = call.Record.Call.Description!.Descriptor(call.Record.Call.Arguments)!.Value;
        DescriptorTable descriptors = process.Space.Descriptors;
        bool isOpen = descriptors.TryGet(descriptor, out OpenFile? now);
        descriptors.Set(descriptor, _isTrying ? call.File.WithoutPages() : call.File);
        RecordOutcome outcome = FollowCall(process, call.Record, call.Record.Call.Description!);
        if (isOpen)
            descriptors.Set(descriptor, now!);
        else
            _ = descriptors.Close(descriptor);
        return outcome;
    }

    /// <summary>Finds an order of the first calls of a list that explains all that they returned; others of the list are in it where they have to come before.</summary>
    /// <returns>False when none is found: then the order is that in which they ended.</returns>
    private bool TryFindOrder(LogProcess process, List<WaitingCall> calls, int decided, out List<WaitingCall> order)
    {
        order = [];
        List<WaitingCall> first = calls[..decided];
        if (calls.Count == 1)
        {
            order = first;
            return true;
        }

        // An order that explains those behind too, if there is one: they may be what only one of several orders leaves possible.
        bool isFound = TryOrder(process, calls, calls.Count, order);
        if (isFound)
            order.RemoveRange(1 + order.FindLastIndex(first.Contains), order.Count - 1 - order.FindLastIndex(first.Contains));
        else
            isFound = decided < calls.Count && TryOrder(process, calls, decided, order);
        if (!isFound)
            order = first;
        return isFound;
    }

    private bool TryOrder(LogProcess process, List<WaitingCall> calls, int decided, List<WaitingCall> order)
    {
        (LogStatistics counts, int trials) = (_counts, MostTrials);
        (_counts, _isTrying) = (new LogStatistics(), true);
        using LogProcess copy = process.Copy(RangesOf(calls));
        bool isFound = TryOrder(copy, calls, decided, order, ref trials);
        (_counts, _isTrying) = (counts, false);
        return isFound;
    }

    /// <summary>Tries the calls that may come next, those that ended first before others. <paramref name="process"/> is a copy that shows what the calls in <paramref name="order"/> leave.</summary>
    private bool TryOrder(LogProcess process, List<WaitingCall> left, int decided, List<WaitingCall> order, ref int trials)
    {
        if (decided == 0)
            return true;
        AddressRange[] ranges = RangesOf(left);
        for (int i = 0; i < left.Count; i++)
        {
            WaitingCall next = left[i];
            if (left.Exists(other => other.IsBefore(next)))
                continue;
            if (trials-- <= 0)
                return false;
            using LogProcess copy = process.Copy(ranges);
            RecordOutcome outcome = FollowWith(copy, next);
            if (outcome.Divergence is not null || outcome.IsUnexplained)
                continue;
            order.Add(next);
            List<WaitingCall> rest = [.. left];
            rest.RemoveAt(i);
            if (TryOrder(copy, rest, i < decided ? decided - 1 : decided, order, ref trials))
                return true;
            order.RemoveAt(order.Count - 1);
        }

        return false;
    }

    private static AddressRange[] RangesOf(List<WaitingCall> calls)
    {
        var ranges = new List<AddressRange>();
        foreach (WaitingCall call in calls)
        {
            if (call.Footprint.IsBreak)
                return [CallRanges.Everything];
            foreach (AddressRange range in call.Footprint.Arguments)
                ranges.Add(range);
            foreach (AddressRange range in call.Footprint.Result)
                ranges.Add(range);
        }

        return [.. ranges];
    }
}
