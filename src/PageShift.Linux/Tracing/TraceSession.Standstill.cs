using System.Diagnostics;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Standstill: every other thread of an address space is stopped from before a call's entry is reported until after its
/// exit was, unless it sleeps in a call of its own all the while. What such a thread stopped for, when it was not the interruption, is kept for later.</summary>
internal sealed partial class TraceSession
{
    private readonly List<(int Id, WaitStatus Status)> _deferred = [];

    private readonly List<TracedThread> _interrupted = [];

    /// <summary>Stops the other threads of the address space on which <paramref name="caller"/> is about to make a call.</summary>
    /// <returns>False when one of them did not stop in time, or is in a call itself.</returns>
    private bool BringToStandstill(TracedThread caller)
    {
        CallOrder order = caller.CallOrder!;
        order.StandstillFor = caller;
        _interrupted.Clear();
        bool isComplete = true, isAnyHeld = false;
        foreach (TracedThread other in _threads.Values)
        {
            if (other == caller || other.Process.CallOrder != order || IsStill(other))
                continue;

            // Interrupting a memory call could make it fail.
            if (other.Phase == CallPhase.Active)
                isComplete = false;
            else if (HasSleptOn(other))
                order.Sleeping.Add((other, other.TurnsWhenAsleep!.Value));
            else if (TryTakeStop(other))
                isAnyHeld = true;
            else if (Asleep(other) is { } turns)
            {
                // One that has stopped in a call, as it does when it is born, is not asleep there.
                if (TryTakeStop(other))
                {
                    isAnyHeld = true;
                    continue;
                }

                other.TurnsWhenAsleep = turns;
                order.Sleeping.Add((other, turns));
            }
            else if (!Kernel.PtraceInterrupt(other.Id).IsError)
                _interrupted.Add(other);
        }

        long start = Stopwatch.GetTimestamp();
        foreach (TracedThread other in _interrupted)
            isComplete &= TryAwaitStop(other, start);

        // The call may depend on a thread that is stopped for it.
        if (isAnyHeld || _interrupted.Count > 0)
            Watch(order);

        return isComplete;
    }

    /// <summary>True for a thread that slept in a call at an earlier standstill, and has not been given a processor since.</summary>
    private static bool HasSleptOn(TracedThread thread)
    {
        if (thread.TurnsWhenAsleep is not { } turns)
            return false;
        if (thread.ReadTurns() == turns)
            return true;
        thread.TurnsWhenAsleep = null;
        return false;
    }

    /// <summary>How often a thread had been given a processor that sleeps in a call, or has stopped in one; null for every other. In this order: a turn that it is given in between counts.</summary>
    private static long? Asleep(TracedThread thread) => thread.ReadTurns() is { } turns && CallSleep.Has(thread.Process.Id, thread.Id) ? turns : null;

    /// <summary>Takes back from a call that it is at a standstill when a thread that slept has run meanwhile.</summary>
    private void CheckSleeping(TracedThread caller)
    {
        if (caller.CallOrder is not { } order || order.StandstillFor != caller)
            return;

        foreach ((TracedThread thread, long turns) in order.Sleeping)
        {
            bool hasEnded = _threads.GetValueOrDefault(thread.Id) != thread;
            if (hasEnded || thread.ReadTurns() != turns)
                caller.Entry = caller.Entry with { IsAtStandstill = false };
        }
    }

    // Stopped already, or not to come back to its program.
    private static bool IsStill(TracedThread thread) =>
        thread.IsHeld || thread.IsEnding || thread.IsParentOfVfork || thread.Phase == CallPhase.Waiting;

    private bool TryAwaitStop(TracedThread thread, long start)
    {
        for (int looks = 0; !TryTakeStop(thread); looks++)
        {
            if (Stopwatch.GetElapsedTime(start) > _longestExclusiveCall)
                return false;

            BriefPause.AfterLook(looks);
        }

        return true;
    }

    /// <summary>Holds a thread that has stopped, or ended; false while it has not.</summary>
    private bool TryTakeStop(TracedThread thread)
    {
        CallResult waited = Kernel.Wait4WithoutBlocking(thread.Id, out WaitStatus status);
        if (waited.IsError)
            return true;

        if (waited.Raw == 0)
            return false;

        thread.IsHeld = true;
        // The first stop of a new thread looks the same. What was taken from its maker's call has to be given back at it.
        bool isInterruption = status.IsStopped && status.Event == StopEvent.Stop && !Signals.IsJobControlStop(status.StopSignal) && thread.Cleared is null;
        if (isInterruption)
        {
            RestartInterrupted(thread);
            thread.Process.CallOrder.Interrupted.Add(thread);
        }
        else
            _deferred.Add((thread.Id, status));

        return true;
    }

    /// <summary>Lets a call begin again that was about to sleep and failed with EINTR, as the thread was stopped. Where a signal's handler runs, it fails with that all the
    /// same, as it would have (ERESTARTNOHAND, <c>include/linux/errno.h</c>).</summary>
    private static void RestartInterrupted(TracedThread thread)
    {
        const long RestartUnlessHandled = -514;
        if (Kernel.PtraceGetRegisters(thread.Id, out Registers registers).IsError || (long)registers.OrigRax < 0 || (long)registers.Rax != -(long)Errno.Interrupted)
            return;

        registers.Rax = unchecked((ulong)RestartUnlessHandled);
        _ = Kernel.PtraceSetRegisters(thread.Id, registers);
    }

    /// <summary>Lets the threads run on that were stopped for a call on <paramref name="order"/>.</summary>
    private void EndStandstill(CallOrder order)
    {
        order.StandstillFor = null;
        foreach (TracedThread thread in order.Interrupted)
        {
            thread.IsHeld = false;
            if (_threads.GetValueOrDefault(thread.Id) == thread)
                Resume(thread);
        }

        order.Interrupted.Clear();
        order.Sleeping.Clear();
    }

    /// <summary>Takes a change of state that was kept for later, when its time has come.</summary>
    private bool TryTakeDeferred(out int id, out WaitStatus status)
    {
        for (int i = 0; i < _deferred.Count; i++)
        {
            (id, status) = _deferred[i];
            TracedThread? thread = _threads.GetValueOrDefault(id);
            if (thread is { Process.CallOrder.StandstillFor: not null })
                continue;

            _deferred.RemoveAt(i);
            if (thread == null)
                return TryTakeDeferred(out id, out status);

            thread.IsHeld = false;
            return true;
        }

        (id, status) = (0, default);
        return false;
    }

    private void ForgetDeferred(int id)
    {
        for (int i = _deferred.Count - 1; i >= 0; i--)
        {
            if (_deferred[i].Id == id)
                _deferred.RemoveAt(i);
        }
    }
}
