using System.Diagnostics;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Tracing;

/// <summary>The calls: their entries, their exits, and the order that they are kept in.</summary>
internal sealed partial class TraceSession
{
    // A tick of the stopwatch is a nanosecond on Linux.
    private const long NanosecondsPerSecond = 1_000_000_000;

    // Besides the calls that may move something, so many calls show what a stop costs.
    private const int CallsForBaseline = 64;

    // The address spaces on which threads are stopped for an active call, in which it must not stay too long.
    private readonly List<CallOrder> _watched = [];

    private void OnSystemCallStop(TracedThread thread)
    {
        long now = Stopwatch.GetTimestamp();
        if (thread.Phase == CallPhase.Active)
        {
            OnCallExit(thread, now);
            return;
        }

        ref SystemCallStop stop = ref thread.Stop;
        if (!Kernel.PtraceTryGetSystemCall(thread.Id, ref stop))
            return;

        // Where every call stops, this is also where calls return that are of no interest.
        bool isEntry = stop.Operation is SystemCallStop.AtEntry or SystemCallStop.AtFilter;
        if (!isEntry)
            RestoreCleared(thread);
        else if (TryDisguise(thread, ref stop))
            return;

        thread.Class = isEntry ? CallClassifier.Of(thread.Id, stop) : CallClass.Other;
        if (thread.Class == CallClass.Other)
        {
            Resume(thread);
            return;
        }

        CallOrder order = thread.Process.CallOrder;
        if (order.TryEnter(thread))
        {
            Admit(thread);
            return;
        }

        Statistics.DelayedCalls++;
        Watch(order);
    }

    private void Watch(CallOrder order)
    {
        if (!_watched.Contains(order))
            _watched.Add(order);
    }

    /// <summary>Reports a call, which is active now, and lets its thread enter the kernel.</summary>
    private void Admit(TracedThread thread)
    {
        if (thread.Class == CallClass.Memory)
        {
            ref SystemCallStop stop = ref thread.Stop;
            Statistics.EnteredCalls++;
            thread.Entry = new CallEntry
            {
                ProcessId = thread.Process.Id,
                ThreadId = thread.Id,
                AddressSpaceId = thread.Process.CallOrder.AddressSpaceId,
                Number = (SystemCallNumber)stop.Number,
                Arguments = stop.Arguments,
                InstructionPointer = new VirtualAddress(stop.InstructionPointer),
                StackPointer = new VirtualAddress(stop.StackPointer),
                IsOverlapped = thread.IsOverlapped,
            };
            if (_observer.WantsStandstill(thread.Entry))
                thread.Entry = thread.Entry with { IsAtStandstill = BringToStandstill(thread) };

            ReplaceArguments(thread);
            _observer.CallEntered(thread.Entry);
            thread.ProcessorAtEntry = IsProcessorTimed(thread.Entry.Number) ? thread.ReadCallClock() : null;
        }

        bool isShared = _processor.Waking(thread.Id);
        thread.EnteredAt = Stopwatch.GetTimestamp();
        GoOn(thread, isShared, untilSystemCall: true);
    }

    private bool IsProcessorTimed(SystemCallNumber number) => number == SystemCallNumber.Remap || Statistics.EnteredCalls <= CallsForBaseline;

    private void OnCallExit(TracedThread thread, long now)
    {
        var stop = default(SystemCallStop);
        if (!Kernel.PtraceTryGetSystemCall(thread.Id, ref stop))
            return;

        if (stop.Operation == SystemCallStop.AtFilter)
        {
            // A program's own filter, where the entry was seen before.
            Answer(thread, Errno.NotImplemented);
            Resume(thread);
            return;
        }

        RestoreCleared(thread);
        if (!TryRestoreArguments(thread, stop))
            Statistics.EnteredCalls--;
        else if (thread.Class == CallClass.Memory)
            ReportExit(thread, stop, now);
        else if (thread.Class == CallClass.Foreign)
            ReportForeign(thread, stop);

        // In this order: a standstill for the next call can't stop a thread that is let go afterwards.
        CallOrder? left = LeaveCall(thread);
        Resume(thread);
        AdmitAfter(left);
    }

    private void ReportExit(TracedThread thread, in SystemCallStop stop, long now)
    {
        Statistics.CompletedCalls++;
        if (thread.IsOverlapped)
            Statistics.OverlappedCalls++;

        CheckSleeping(thread);
        long elapsed = (now - thread.EnteredAt) * (NanosecondsPerSecond / Stopwatch.Frequency);
        if (_threads.Count == 1)
            _processor.OnCall(thread.Id, elapsed);

        _observer.CallCompleted(new CallExit
        {
            Entry = thread.Entry,
            Result = new CallResult(stop.Result),
            ElapsedNanoseconds = elapsed,
            ProcessorNanoseconds = thread.ProcessorAtEntry is { } start ? thread.ReadCallClock() - start : null,
            IsOverlapped = thread.IsOverlapped,
        });
    }

    private void ReportForeign(TracedThread thread, in SystemCallStop stop)
    {
        Statistics.ForeignCalls++;
        _observer.ForeignCallCompleted(new ForeignCall(thread.Process.Id, thread.Id, thread.Process.CallOrder.AddressSpaceId,
            CallClassifier.InterfaceOf(thread.Stop)!.Value, CallClassifier.NumberOf(thread.Stop), stop.Result));
    }

    /// <summary>Ends the thread's current call, if there is one.</summary>
    /// <returns>What the call was in order with: the next may be admitted once the thread runs, or is gone.</returns>
    private CallOrder? LeaveCall(TracedThread thread)
    {
        CallOrder? order = thread.CallOrder;
        if (order == null)
            return null;

        order.Leave(thread);
        if (order.StandstillFor == thread)
            EndStandstill(order);
        return order;
    }

    /// <summary>The same for a thread that ends, perhaps in a call that the kernel has let in.</summary>
    private CallOrder? AbandonCall(TracedThread thread)
    {
        if (thread is { Phase: CallPhase.Active, Class: CallClass.Memory })
            _observer.CallAbandoned(thread.Entry);
        return LeaveCall(thread);
    }

    private void AdmitAfter(CallOrder? order)
    {
        if (order == null)
            return;

        // What was kept for later goes before the next call, which would keep it for longer.
        if (_deferred.Count == 0)
            AdmitNext(order);

        if (_watched.Count != 0 && !order.HasWaiting && order.StandstillFor == null)
            _ = _watched.Remove(order);
    }

    private void AdmitNext(CallOrder order)
    {
        if (order.IsIdle && order.ActivateNext() is { } next)
            Admit(next);
    }

    /// <summary>Lets the threads go on that have been stopped too long for a call that does not return.</summary>
    private void AdmitOverdue()
    {
        for (int i = _watched.Count - 1; i >= 0; i--)
        {
            CallOrder order = _watched[i];
            AdmitNext(order);
            if (!order.IsOverdue(_longestExclusiveCall))
                continue;

            _ = _watched.Remove(order);
            order.GiveUpStandstill();
            EndStandstill(order);
            while (order.ActivateNext() is { } next)
                Admit(next);
        }
    }
}
