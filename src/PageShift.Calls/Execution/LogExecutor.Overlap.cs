using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Calls that ran at the same time: of the orders in which they may have been made, one is taken that explains what they returned.</content>
public sealed partial class LogExecutor
{
    /// <summary>The calls of one space that wait at most. Beyond it they no longer wait for one that is open.</summary>
    private const int MostWaiting = 128;

    /// <summary>The calls that are tried at most before the order in which they ended is taken.</summary>
    private const int MostTrials = 1000;

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
        LogProcess process = _processes.Of(record.ThreadId);
        OverlappedCalls overlap = process.Overlap;
        if (overlap.IsEmpty)
            return false;
        long begin = overlap.End(record.ThreadId, _time);
        bool waits = false;
        if (IsMemoryCall(record))
        {
            var footprint = CallFootprint.Of(record);
            waits = overlap.HasToWait(footprint);
            if (waits)
            {
                OpenFile? file = record.Call.Description?.Descriptor(record.Call.Arguments) is >= 0 and int descriptor ? process.Infer(descriptor) : null;
                overlap.Waiting.Add(new WaitingCall(record, begin, _time, footprint, file));
            }
        }

        Settle(process, evenIfOpen: overlap.Waiting.Count > MostWaiting || NeedsWholeSpace(record));
        return waits;
    }

    private static bool IsMemoryCall(in CallRecord record) =>
        record.Outcome.State != CallOutcomeState.Unknown && !record.IsInjected && record.Call.Description is { IsModelled: true };

    /// <summary>True when a call does something with the space as a whole, so that none may be left that came before.</summary>
    private static bool NeedsWholeSpace(in CallRecord record) =>
        (record.Call.Number == SystemCallNumber.Clone && !record.CloneFlags.HasFlag(CloneFlags.SharedMemory))
        || record.Call.Number == SystemCallNumber.Execute
        || record.Call.Number is PseudoCall.MemorySet or PseudoCall.MemoryRead or PseudoCall.Present or PseudoCall.Absent or PseudoCall.AnonVma or PseudoCall.RelocateDown;

    /// <summary>Makes the calls of a space that wait for none that is open.</summary>
    private void Settle(LogProcess process, bool evenIfOpen)
    {
        while (process.Overlap.TryTake(out List<WaitingCall>? calls, evenIfOpen))
        {
            bool isExplained = TryFindOrder(process, calls);
            bool hasDiverged = false;
            foreach (WaitingCall call in calls)
            {
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
        descriptors.Set(descriptor, call.File);
        RecordOutcome outcome = FollowCall(process, call.Record, call.Record.Call.Description!);
        if (isOpen)
            descriptors.Set(descriptor, now!);
        else
            _ = descriptors.Close(descriptor);
        return outcome;
    }

    /// <summary>Puts calls into an order that explains all that they returned. False when none is found: then they stay in the order in which they ended.</summary>
    private bool TryFindOrder(LogProcess process, List<WaitingCall> calls)
    {
        if (calls.Count == 1)
            return true;
        var order = new List<WaitingCall>(calls.Count);
        (LogStatistics counts, bool verifies, int trials) = (_counts, _isTrying, MostTrials);
        (_counts, _isTrying) = (new LogStatistics(), true);
        bool isFound;
        using (LogProcess copy = process.Copy(RangesOf(calls)))
            isFound = TryOrder(copy, calls, order, ref trials);
        (_counts, _isTrying) = (counts, verifies);
        if (!isFound)
            return false;
        calls.Clear();
        calls.AddRange(order);
        return true;
    }

    /// <summary>Tries the calls that may come next, those that ended first before others. <paramref name="process"/> is a copy that shows what the calls in <paramref name="order"/> leave.</summary>
    private bool TryOrder(LogProcess process, List<WaitingCall> left, List<WaitingCall> order, ref int trials)
    {
        if (left.Count == 0)
            return true;
        AddressRange[] ranges = RangesOf(left);
        foreach (WaitingCall next in left)
        {
            if (left.Exists(other => other.IsBefore(next)))
                continue;
            if (trials-- <= 0)
                return false;
            using LogProcess copy = process.Copy(ranges);
            RecordOutcome outcome = FollowWith(copy, next);
            if (outcome.Divergence is not null || outcome.IsUnexplained)
                continue;
            order.Add(next);
            if (TryOrder(copy, [.. left.Where(other => other != next)], order, ref trials))
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
            foreach (AddressRange range in call.Footprint.Arguments)
                ranges.Add(range);
            foreach (AddressRange range in call.Footprint.Result)
                ranges.Add(range);
        }

        return [.. ranges];
    }
}
