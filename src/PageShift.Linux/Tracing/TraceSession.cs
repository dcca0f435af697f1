using System.Collections.Concurrent;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>One run of the tracer: waits for stops of the traced threads, reports what they mean, and lets the threads go on.
/// All of it on the thread that seized the command. A request that fails with ESRCH needs no treatment: the thread was
/// killed in its stop, and its end is reported next.</summary>
internal sealed partial class TraceSession
{
    private readonly ITraceObserver _observer;
    private readonly LiveProcesses _live;
    private readonly Dictionary<int, TracedThread> _threads = [];
    private readonly ConcurrentDictionary<int, TracedProcess> _processes = []; // the sampling asks for the keys on its own thread
    private readonly SharedProcessor _processor;
    private readonly UsageMeter _usage = new();
    private readonly TimeSpan _longestExclusiveCall;
    private readonly HiddenSecurity _hidden;
    private int _command;
    private ProcessStatus _commandStatus;

    /// <summary>Prepares a run whose threads stop by <paramref name="method"/>, may not see what is <paramref name="hidden"/>, and in which a call keeps others waiting for
    /// <paramref name="longestExclusiveCall"/> at most. Threads have their processors narrowed for a moment where that is faster, unless <paramref name="mayNarrow"/> is false: when the
    /// tracer is killed in it, they stay so.</summary>
    public TraceSession(ITraceObserver observer, LiveProcesses live, StopMethod method, HiddenSecurity hidden, TimeSpan longestExclusiveCall, bool mayNarrow = true)
    {
        _hidden = hidden;
        _processor = new SharedProcessor(mayNarrow);
        _longestExclusiveCall = longestExclusiveCall;
        _observer = observer;
        _live = live;
        Statistics = new TraceStatistics { Method = method };
    }

    /// <summary>What the run has seen so far.</summary>
    public TraceStatistics Statistics { get; }

    /// <summary>Follows <paramref name="command"/>, which is stopped in a program that it has just executed, until nothing is left.</summary>
    /// <returns>How the command ended.</returns>
    public ProcessStatus Follow(int command)
    {
        try
        {
            _command = command;
            TracedThread first = AddProcess(command, Environment.ProcessId, NewCallOrder(), isShared: false);
            OnProgramStarted(first);
            _usage.Begin(command, () => _processes.Keys, () => Statistics.Stops);
            Resume(first);
            while (TryWait(out int id, out WaitStatus status))
            {
                Statistics.Stops++;
                Handle(id, status);
            }

            Statistics.Usage = _usage.End();
        }
        catch
        {
            KillEverything();
            throw;
        }
        finally
        {
            _usage.Dispose();
            _processor.Dispose();
            foreach (TracedThread thread in _threads.Values)
                thread.Dispose();
        }

        return _commandStatus;
    }

    /// <summary>Waits for the next change of state of any traced thread; false when there is none left.</summary>
    private bool TryWait(out int id, out WaitStatus status)
    {
        for (int looks = 0; ; looks++)
        {
            if (TryTakeDeferred(out id, out status))
                return true;

            // What is due at a time, and not at a change of state, is rare and soon over: then this looks instead of waiting.
            if (_watched.Count == 0 && _early.Count == 0)
            {
                // On a single processor the traced thread has often stopped again when this one has given way: to fall asleep and to be woken takes longer.
                if (BriefPause.IsOnlyProcessor)
                    _ = Thread.Yield();
                return IsThread(Kernel.Wait4(Kernel.AnyChild, out status), out id);
            }

            CallResult waited = Kernel.Wait4WithoutBlocking(Kernel.AnyChild, out status);
            if (waited.Raw != 0)
                return IsThread(waited, out id);

            AdmitOverdue();
            if (HasOverdueBirth())
                AdoptOrphans();

            BriefPause.AfterLook(looks);
        }
    }

    private static bool IsThread(CallResult waited, out int id)
    {
        id = (int)waited.Raw;
        return !waited.IsError;
    }

    private void Handle(int id, WaitStatus status)
    {
        if (!_threads.TryGetValue(id, out TracedThread? thread))
        {
            OnUnknown(id, status);
            return;
        }

        if (thread.IsHeld)
        {
            // It was killed in the stop in which it was held.
            thread.IsHeld = false;
            ForgetDeferred(id);
        }

        thread.IsParentOfVfork = false;
        if (!status.IsStopped)
            OnThreadEnded(thread, status);
        else if (status.IsSystemCallStop)
            OnSystemCallStop(thread);
        else if (status.Event == StopEvent.None)
            OnSignal(thread, status.StopSignal);
        else
            OnEvent(thread, status);
    }

    private void OnEvent(TracedThread thread, WaitStatus status)
    {
        switch (status.Event)
        {
            case StopEvent.Filter:
                OnSystemCallStop(thread);
                break;
            case StopEvent.Fork:
            case StopEvent.Vfork:
            case StopEvent.Clone:
                OnBirth(thread, status.Event);
                break;
            case StopEvent.Exec:
                Resume(OnExec(thread));
                break;
            case StopEvent.Exit:
                OnEnding(thread);
                break;
            case StopEvent.Stop when Signals.IsJobControlStop(status.StopSignal):
                _ = Kernel.PtraceListen(thread.Id);
                break;
            default:
                // Of a new thread it is the first stop of all.
                RestoreCleared(thread);
                Resume(thread);
                break;
        }
    }

    private void OnSignal(TracedThread thread, int signal)
    {
        Statistics.Signals++;
        _live.NoteDelivery(thread.Process.Id, signal);
        _observer.SignalDelivered(new SignalDelivery(thread.Process.Id, thread.Id, signal));
        Resume(thread, signal);
    }

    /// <summary>Lets a thread run to its next stop of interest.</summary>
    private void Resume(TracedThread thread, int signal = 0)
    {
        bool isStopWanted = thread.Phase == CallPhase.Active || thread.IsStrict || thread.Cleared is not null;
        GoOn(thread, _processor.Waking(thread.Id), isStopWanted || Statistics.Method == StopMethod.EverySystemCall, signal);
    }

    private void GoOn(TracedThread thread, bool isShared, bool untilSystemCall, int signal = 0)
    {
        if (isShared)
            _processor.Wake(thread.Id, untilSystemCall, signal);
        else if (untilSystemCall)
            _ = Kernel.PtraceSystemCall(thread.Id, signal);
        else
            _ = Kernel.PtraceContinue(thread.Id, signal);
    }

    private void OnEnding(TracedThread thread)
    {
        CallOrder? left = AbandonCall(thread);
        MarkEnding(thread);
        Statistics.ProcessorNanoseconds += thread.ReadProcessorTime() ?? 0;
        if (thread.Process.RunningThreads == 0)
        {
            _usage.Add(thread.Process.Id);
            _observer.ProcessEnding(thread.Process.Id);
        }

        Resume(thread);
        AdmitAfter(left);
    }

    private static void MarkEnding(TracedThread thread)
    {
        if (thread.IsEnding)
            return;

        thread.IsEnding = true;
        thread.Process.RunningThreads--;
    }

    private void OnThreadEnded(TracedThread thread, WaitStatus status)
    {
        CallOrder? left = AbandonCall(thread);
        MarkEnding(thread);
        _ = _threads.Remove(thread.Id);
        thread.Dispose();
        ForgetDeferred(thread.Id);
        AdmitAfter(left);
        if (thread.Id != thread.Process.Id)
            return;

        // The first thread's end is reported after that of all others.
        _ = _processes.TryRemove(thread.Id, out _);
        _live.Remove(thread.Id);
        ProcessStatus ended = status.IsExited
            ? new ProcessStatus(status.ExitCode, 0, false)
            : new ProcessStatus(0, status.KillingSignal, status.DumpedCore);
        if (thread.Id == _command)
            _commandStatus = ended;

        _observer.ProcessEnded(new ProcessEnd(thread.Id, ended));
        AdoptOrphans();
    }

    /// <summary>Ends every traced process when the run can't go on. New ones die at the first stop that is seen of them.</summary>
    private void KillEverything()
    {
        _live.KillAll();
        foreach (int id in _threads.Keys)
        {
            _ = Kernel.Kill(id, Signals.Kill);
            _ = Kernel.PtraceContinue(id);
        }

        foreach (int id in _early.Keys)
        {
            _ = Kernel.Kill(id, Signals.Kill);
            _ = Kernel.PtraceContinue(id);
        }

        while (IsThread(Kernel.Wait4(Kernel.AnyChild, out WaitStatus status), out int id))
        {
            if (!status.IsStopped)
                continue;

            _ = Kernel.Kill(id, Signals.Kill);
            _ = Kernel.PtraceContinue(id);
        }
    }
}
