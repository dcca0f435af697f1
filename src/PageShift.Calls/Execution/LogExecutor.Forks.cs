using PageShift.Abi;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Forks while other threads are inside calls: whether the copy was made before or after these, the log does not say. What they touch may be otherwise in the child.</content>
public sealed partial class LogExecutor
{
    // The forks that have begun and not ended.
    private readonly List<(int Thread, LogProcess Parent, LogProcess Child)> _forking = [];

    private void BeginClone(in CallRecord record)
    {
        bool isFork = !record.CloneFlags.HasFlag(CloneFlags.SharedMemory);
        if (isFork)
            EndCalls(record.ThreadId, evenIfOpen: true);
        LogProcess child = _processes.CloneStarts(record.ThreadId, record.CloneFlags);
        if (!isFork)
            return;
        LogProcess parent = _processes.Of(record.ThreadId);
        _forking.Add((record.ThreadId, parent, child));
        NoteOpenCalls(parent, child);
    }

    private void EndClone(in CallRecord record)
    {
        bool isKnown = EndForks(record.ThreadId);
        if (record.Outcome.State == CallOutcomeState.Value)
        {
            int child = (int)record.Outcome.Value;
            _processes.CloneEnds(record.ThreadId, child, record.CloneFlags);
            if (!isKnown && !record.CloneFlags.HasFlag(CloneFlags.SharedMemory) && _processes.FindSeen(child) is { } process)
                NoteOpenCalls(_processes.Of(record.ThreadId), process);
        }
        else if (!record.Outcome.IsCutOff)
        {
            _processes.CloneFails(record.ThreadId);
        }
    }

    private void FailClone(int thread)
    {
        EndForks(thread);
        _processes.CloneFails(thread);
    }

    private bool EndForks(int thread) => _forking.RemoveAll(fork => fork.Thread == thread) != 0;

    private static void NoteOpenCalls(LogProcess parent, LogProcess child)
    {
        foreach (CallFootprint footprint in parent.Overlap.Open)
            NoteFootprint(child, footprint);
    }

    /// <summary>A call of another thread begins or ends while its process is forked.</summary>
    private void NoteBesideForks(in CallRecord record)
    {
        bool isMemoryCall = record.Kind == CallRecordKind.CallStarted || IsMemoryCall(record);
        if (!isMemoryCall || _processes.FindSeen(record.ThreadId) is not { } process)
            return;
        foreach ((int thread, LogProcess parent, LogProcess child) in _forking)
        {
            if (parent == process && thread != record.ThreadId)
                NoteFootprint(child, CallFootprint.Of(record));
        }
    }

    private static void NoteFootprint(LogProcess child, in CallFootprint footprint)
    {
        if (!footprint.MayMapOrUnmap)
            return;
        foreach (AddressRange range in footprint.Arguments)
            child.NoteMayDiffer(range);
        foreach (AddressRange range in footprint.Result)
            child.NoteMayDiffer(range);
    }

    /// <summary>Takes away what is in a place that the kernel has found free, where the fork may have come after the call that freed it.</summary>
    private void MakeRoom(LogProcess process, in SystemCall call, ulong address)
    {
        CallArguments a = call.Arguments;
        ulong old = PageSize.RoundUpWrapping(a.Second);
        AddressRange place = call.Number switch
        {
            SystemCallNumber.Map when ((MapFlags)a.Fourth & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != MapFlags.Fixed => CallRanges.Of(address, old),
            SystemCallNumber.Remap when ((RemapFlags)a.Fourth & RemapFlags.Fixed) != 0 => default,
            SystemCallNumber.Remap when address != a.First => CallRanges.Of(address, PageSize.RoundUpWrapping(a.Third)),
            SystemCallNumber.Remap when a.Third > old => CallRanges.Of(address + old, PageSize.RoundUpWrapping(a.Third) - old),
            _ => default,
        };
        foreach (AddressRange range in process.MayDiffer.Overlapping(place))
            TakeAway(process, range.Intersect(place));
    }
}
