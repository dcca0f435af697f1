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
    private const int MostWaiting = 120;

    /// <summary>The calls of a group that wait at most for one that tells which of several orders was theirs.</summary>
    private const int MostAmbiguous = 24;

    private readonly HashSet<LogProcess> _overlapping = [];

    // The records so far: the clock by which calls begin and end.
    private long _time;

    // When the call began that is executed.
    private long _began;

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
    private bool Waits(in CallRecord record, in CallRecord logged)
    {
        if (_processes.Find(record.ThreadId) is not { Overlap: { IsEmpty: false } overlap } process)
            return false;
        long begin = overlap.End(record.ThreadId, _time);
        bool waits = false;
        if (IsMemoryCall(record))
        {
            var footprint = CallFootprint.Of(record);
            waits = overlap.HasUnplaced || overlap.HasToWait(footprint);
            if (waits)
            {
                OpenFile? file = record.Call.Description?.Descriptor(record.Call.Arguments) is >= 0 and int descriptor ? process.Infer(descriptor) : null;
                overlap.Waiting.Add(new WaitingCall(record, logged, begin, _time, footprint, file));
            }
        }

        Settle(process, evenIfOpen: overlap.Waiting.Count > MostWaiting || NeedsWholeSpace(record));
        _began = begin;
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
        foreach (List<WaitingCall> calls in process.Overlap.FindDecided(evenIfOpen))
        {
            if (!evenIfOpen && calls[0].SearchedAmong == calls.Count)
                continue; // nothing has come since that could tell which order it was
            var search = new OrderSearch(this, process, calls);
            int made = evenIfOpen ? calls.Count : search.Decided;
            bool isDoubtful = search.HasGivenUp || (evenIfOpen && !process.Overlap.IsDecided(calls));
            if (made == 0 && calls.Count >= MostAmbiguous)
                (made, isDoubtful) = (calls.Count / 2, true); // nothing has told, and may never
            if (isDoubtful)
            {
                process.UncertainSince = _time;
                foreach (WaitingCall call in search.Order.Take(made))
                    Doubt(process, call.Footprint);
            }

            bool hasDiverged = false;
            foreach (WaitingCall call in search.Order.Take(made))
            {
                process.Overlap.Waiting.Remove(call);
                RecordOutcome outcome = ExecuteWaiting(process, call, hidesDivergence: hasDiverged);
                hasDiverged |= !search.IsExplained && outcome.Divergence is not null;
            }

            foreach (WaitingCall call in search.Order.Skip(made))
                call.SearchedAmong = calls.Count - made;
        }

        if (process.Overlap.IsEmpty)
            _overlapping.Remove(process);
    }

    /// <summary>Makes a call that has waited. What no order explains is said once: what follows from it is not.</summary>
    private RecordOutcome ExecuteWaiting(LogProcess process, WaitingCall call, bool hidesDivergence)
    {
        _logged = call.Logged;
        _began = call.Begin;
        _moves = 0;
        _observer?.OnExecuting(_logged);
        RecordOutcome outcome = WithDoubts(process, call.Record, FollowWith(process, call)) with { Moves = _moves };
        if (hidesDivergence)
            outcome = outcome with { Divergence = null };
        Tell(call.Logged, outcome);
        return outcome;
    }

    /// <summary>Notes that it is not certain what a call has left, as its turn is not.</summary>
    private static void Doubt(LogProcess process, in CallFootprint footprint)
    {
        foreach (AddressRange range in footprint.IsBreak ? CallRanges.All : footprint.Arguments)
            process.Uncertain.Add(range);
        foreach (AddressRange range in footprint.Result)
            process.Uncertain.Add(range);
    }

    /// <summary>What became of a call, where it is not certain what it found: a divergence there is none, but a result that is not explained. A call that decides what is mapped ends the doubt.</summary>
    private RecordOutcome WithDoubts(LogProcess process, in CallRecord record, in RecordOutcome outcome)
    {
        if (process.Uncertain.IsEmpty)
            return outcome;
        var footprint = CallFootprint.Of(record);
        if (!footprint.IsBreak && !IsUncertain(process, footprint.Arguments) && !IsUncertain(process, footprint.Result))
            return outcome;
        bool mayBeOneOfThem = _began <= process.UncertainSince;
        if (mayBeOneOfThem)
            Doubt(process, footprint);
        if (outcome.Divergence is not null)
        {
            _counts.DifferentResults--;
            return Excuse(record.Outcome.State == CallOutcomeState.Error ? record.Outcome.Error : Errno.None, UnshownCauses.Order, outcome.Fate);
        }

        if (!mayBeOneOfThem && record.Outcome.State == CallOutcomeState.Value && record.Call.Number is SystemCallNumber.Map or SystemCallNumber.Unmap)
        {
            foreach (AddressRange range in record.Call.Number == SystemCallNumber.Map ? footprint.Result : footprint.Arguments)
                process.Uncertain.Remove(range);
        }

        return outcome;
    }

    private static bool IsUncertain(LogProcess process, in CallRanges ranges)
    {
        foreach (AddressRange range in ranges)
        {
            if (!process.Uncertain.Overlapping(range).IsEmpty)
                return true;
        }

        return false;
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
}
