using System.Diagnostics;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Processes;

namespace PageShift.Linux.Tracing;

/// <summary>A process that ran already: followed from its mappings as they are, and left as it was found.</summary>
internal sealed partial class TraceSession
{
    // How long threads are waited for before they are left. Those that do not stop for it are let go by the end of the tracing thread.
    private static readonly TimeSpan LongestDetach = TimeSpan.FromSeconds(2);

    private WakeUpProcess? _wakeUp;

    /// <summary>True when what is traced ran before, and outlives the tracer.</summary>
    private bool IsAttached => _wakeUp is not null;

    /// <summary>Follows a process that <paramref name="attached"/> has brought to a stop, until it has ended or <paramref name="wakeUp"/> has.</summary>
    /// <returns>How it ended; null when it runs on.</returns>
    public ProcessStatus? FollowAttached(TraceeAttachment attached, WakeUpProcess wakeUp)
    {
        _wakeUp = wakeUp;
        _command = attached.Process;
        try
        {
            _ = AddProcess(attached.Process, ProcessStart.UnknownParent, NewCallOrder(), isShared: false);
            foreach (int id in attached.Threads)
            {
                if (id != attached.Process)
                    AddBorn(id, _processes[attached.Process], CloneFlags.Thread);
            }

            // What they used before is no part of the trace.
            foreach (TracedThread thread in _threads.Values)
                Statistics.ProcessorNanoseconds -= thread.ReadProcessorTime() ?? 0;
            _usage.Begin(attached.Process, () => _processes.Keys, () => Statistics.Stops);
            foreach ((int id, WaitStatus status) in attached.Stops)
                Handle(id, status);
            return IsFollowedToItsEnd() ? _commandStatus : null;
        }
        finally
        {
            Leave();
        }
    }

    private bool IsFollowedToItsEnd()
    {
        while (_threads.Count + _early.Count > 0 && TryWait(out int id, out WaitStatus status))
        {
            if (id == _wakeUp!.Id)
            {
                if (_wakeUp.OnChange(status))
                    break;
                continue;
            }

            Statistics.Stops++;
            Handle(id, status);
        }

        return !_processes.ContainsKey(_command);
    }

    /// <summary>Lets everything go that is traced: as it would be without a tracer, and as far as it stops with its mappings looked at a last time.</summary>
    private void Leave()
    {
        var stopped = new Dictionary<int, WaitStatus>();
        try
        {
            StopAll(stopped);
            foreach (TracedProcess process in _processes.Values)
            {
                if (process.RunningThreads > 0)
                    _usage.Add(process.Id);
                if (process.RunningThreads > 0 && _threads.Values.All(t => t.Process != process || stopped.ContainsKey(t.Id)))
                    _observer.ProcessEnding(process.Id);
            }
        }
        finally
        {
            foreach ((int id, WaitStatus status) in stopped)
                _ = Kernel.PtraceDetach(id, TraceeAttachment.DetachSignal(status));
            foreach (TracedThread thread in _threads.Values)
            {
                Statistics.ProcessorNanoseconds += thread.ReadProcessorTime() ?? 0;
                thread.Dispose();
            }

            Statistics.Usage = _usage.End();
            _usage.Dispose();
        }
    }

    /// <summary>Stops every thread that is not stopped already. Memory calls may return first, as an interruption could make one fail.</summary>
    private void StopAll(Dictionary<int, WaitStatus> stopped)
    {
        foreach ((int id, (WaitStatus status, long _)) in _early)
            stopped[id] = status;
        _early.Clear();
        foreach (TracedThread thread in _threads.Values)
        {
            if (thread.IsHeld || thread.Phase == CallPhase.Waiting)
                stopped[thread.Id] = default;
            else if (thread.Phase != CallPhase.Active)
                _ = Kernel.PtraceInterrupt(thread.Id);
        }

        foreach ((int id, WaitStatus status) in _deferred)
            stopped[id] = status;
        long start = Stopwatch.GetTimestamp();
        AwaitStops(stopped, start, _longestExclusiveCall);
        foreach (TracedThread thread in _threads.Values)
        {
            if (thread.Phase == CallPhase.Active && !stopped.ContainsKey(thread.Id))
                _ = Kernel.PtraceInterrupt(thread.Id);
        }

        AwaitStops(stopped, start, LongestDetach);
    }

    private void AwaitStops(Dictionary<int, WaitStatus> stopped, long start, TimeSpan limit)
    {
        bool isAwaited(int id) => !stopped.ContainsKey(id);
        for (int looks = 0; _threads.Keys.Any(isAwaited) && (Stopwatch.GetElapsedTime(start) < limit || _threads.Keys.Where(isAwaited).Any(ProcessFields.IsRunnable)); looks++)
        {
            while (IsThread(Kernel.Wait4WithoutBlocking(Kernel.AnyChild, out WaitStatus status), out int id) && id != 0)
            {
                if (id == _wakeUp!.Id)
                    _ = _wakeUp.OnChange(status);
                else if (status.IsStopped)
                    NoteStop(id, status, stopped);
                else if (_threads.TryGetValue(id, out TracedThread? thread))
                    NoteEnd(thread, status);
            }

            BriefPause.AfterLook(looks);
        }
    }

    private void NoteStop(int id, WaitStatus status, Dictionary<int, WaitStatus> stopped)
    {
        stopped[id] = status;
        if (!_threads.TryGetValue(id, out TracedThread? thread))
            return;
        if (status.IsSystemCallStop && thread.Phase == CallPhase.Active)
        {
            NoteExit(thread);
            return;
        }

        if (status.Event is not (StopEvent.Fork or StopEvent.Vfork or StopEvent.Clone))
            return;

        // A new thread is traced from its birth on, and has to be let go too.
        if (!Kernel.PtraceGetEventMessage(id, status.Event, out ulong born).IsError)
            _ = _threads.TryAdd((int)born, new TracedThread((int)born, thread.Process));
    }

    private void NoteExit(TracedThread thread)
    {
        var stop = default(SystemCallStop);
        if (thread.Class == CallClass.Memory && Kernel.PtraceTryGetSystemCall(thread.Id, ref stop))
            ReportExit(thread, stop, Stopwatch.GetTimestamp());
        thread.Phase = CallPhase.None;
    }

    /// <summary>A thread has ended. No call is let in for it.</summary>
    private void NoteEnd(TracedThread thread, WaitStatus status)
    {
        thread.CallOrder = null;
        OnThreadEnded(thread, status);
    }
}
