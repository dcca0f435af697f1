using System.Diagnostics;
using PageShift.Abi;
using PageShift.Linux.Tracing.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>The calls: their entries, their exits, and the order that they are kept in.</summary>
internal sealed partial class TraceSession
{
    // A tick of the stopwatch is a nanosecond on Linux.
    private const long NanosecondsPerSecond = 1_000_000_000;

    // The address spaces on which a call waits for another.
    private readonly List<CallOrder> _contended = [];

    private void OnSystemCallStop(TracedThread thread)
    {
        long now = Stopwatch.GetTimestamp();
        if (thread.Phase == CallPhase.Active)
        {
            OnCallExit(thread, now);
            return;
        }

        ref SystemCallStop stop = ref thread.Stop;
        if (Ptrace.GetSystemCallStop(thread.Id, ref stop) != Errno.None)
            return;

        // Where every call stops, this is also where calls return that are of no interest.
        thread.Kind = stop.Operation is SystemCallStop.AtEntry or SystemCallStop.AtFilter ? CallClass.Of(thread.Id, stop) : CallKind.Other;
        if (thread.Kind == CallKind.Other)
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
        if (!_contended.Contains(order))
            _contended.Add(order);
    }

    /// <summary>Reports a call, which is active now, and lets its thread enter the kernel.</summary>
    private void Admit(TracedThread thread)
    {
        if (thread.Kind == CallKind.Memory)
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
            _observer.CallEntered(thread.Entry);
        }

        thread.EnteredAt = Stopwatch.GetTimestamp();
        _ = Ptrace.ContinueToSystemCall(thread.Id, 0);
    }

    private void OnCallExit(TracedThread thread, long now)
    {
        var stop = default(SystemCallStop);
        if (Ptrace.GetSystemCallStop(thread.Id, ref stop) != Errno.None)
            return;

        if (thread.Kind == CallKind.Memory)
            ReportExit(thread, stop, now);
        else if (thread.Kind == CallKind.Foreign)
            ReportForeign(thread, stop);

        LeaveCall(thread);
        Resume(thread);
    }

    private void ReportExit(TracedThread thread, in SystemCallStop stop, long now)
    {
        Statistics.CompletedCalls++;
        if (thread.IsOverlapped)
            Statistics.OverlappedCalls++;

        _observer.CallCompleted(new CallExit
        {
            Entry = thread.Entry,
            Result = new CallResult(stop.Result),
            ElapsedNanoseconds = (now - thread.EnteredAt) * (NanosecondsPerSecond / Stopwatch.Frequency),
            IsOverlapped = thread.IsOverlapped,
        });
    }

    private void ReportForeign(TracedThread thread, in SystemCallStop stop)
    {
        Statistics.ForeignCalls++;
        _observer.ForeignCallCompleted(new ForeignCall(thread.Process.Id, thread.Id, thread.Process.CallOrder.AddressSpaceId,
            CallClass.InterfaceOf(thread.Stop)!.Value, CallClass.NumberOf(thread.Stop), stop.Result));
    }

    /// <summary>Ends the thread's current call, if there is one, and admits the next that waits for it.</summary>
    private void LeaveCall(TracedThread thread)
    {
        CallOrder? order = thread.CallOrder;
        if (order == null)
            return;

        order.Leave(thread);
        if (order.IsIdle && order.ActivateNext() is { } next)
            Admit(next);

        if (!order.HasWaiting)
            _ = _contended.Remove(order);
    }

    /// <summary>Admits the calls that have waited too long for another that does not return.</summary>
    private void AdmitOverdue()
    {
        for (int i = _contended.Count - 1; i >= 0; i--)
        {
            CallOrder order = _contended[i];
            if (!order.IsOverdue(ProcessTracer.LongestExclusiveCall))
                continue;

            while (order.ActivateNext() is { } next)
                Admit(next);

            _contended.RemoveAt(i);
        }
    }
}
