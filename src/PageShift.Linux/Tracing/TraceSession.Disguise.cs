using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <content>What would show a program that it is traced, or let a child of it escape the tracer while the filter stays with the child.</content>
internal sealed partial class TraceSession
{
    /// <summary>Sees to a call at whose entry a thread is stopped.</summary>
    /// <returns>True when nothing remains to be done for it.</returns>
    private bool TryDisguise(TracedThread thread, ref SystemCallStop stop)
    {
        if (stop.Operation == SystemCallStop.AtFilter && !IsOurFilter(stop))
        {
            // A program's own filter asks for a tracer, and without this one there is none.
            Answer(thread, Errno.NotImplemented);
            Resume(thread);
            return true;
        }

        if (thread.IsStrict && !StrictMode.Allows(stop))
        {
            EndForbidden(thread, stop);
            return true;
        }

        RevealingCalls calls = stop.Architecture == SystemCallStop.ArchI386 ? RevealingCalls.I386 : RevealingCalls.X64;
        long number = CallClassifier.NumberOf(stop);
        if (calls.IsWaitWithoutBlocking(number, stop.Arguments))
        {
            TakePending();
            if (!thread.IsHeld)
                Resume(thread);
            return true;
        }

        if ((number == calls.Seccomp || number == calls.Control) && HiddenAnswer(thread, number == calls.Seccomp, stop.Arguments) is { } answer)
        {
            Answer(thread, answer);
            Resume(thread);
            return true;
        }

        ClearUntraced(thread, stop);
        return false;
    }

    private bool IsOurFilter(in SystemCallStop stop) => Statistics.Method == StopMethod.Filter && stop.FilterData == SeccompFilter.Mark;

    /// <summary>Takes what has become of every thread up to now. A child that has ended is there for its parent to wait for only when its tracer has taken
    /// its end; the parent may know already that it has ended, by a pidfd.</summary>
    private void TakePending()
    {
        while (true)
        {
            CallResult waited = Kernel.Wait4WithoutBlocking(Kernel.AnyChild, out WaitStatus status);
            if (waited.IsError || waited.Raw == 0)
                return;

            int id = (int)waited.Raw;
            if (!_threads.TryGetValue(id, out TracedThread? thread))
            {
                Statistics.Stops++;
                OnUnknown(id, status);
                continue;
            }

            // Its turn comes when this call is through. What it was stopped for before is over, as it was killed.
            ForgetDeferred(id);
            _ = thread.Process.CallOrder.Interrupted.Remove(thread);
            thread.IsHeld = true;
            _deferred.Add((id, status));
        }
    }

    /// <summary>What a call returns without a tracer, and would not return with one; null when it returns the same.</summary>
    private CallResult? HiddenAnswer(TracedThread thread, bool isSeccomp, in CallArguments a)
    {
        if (isSeccomp)
            return a.First switch
            {
                RevealingCalls.SetStrict when a.Second == 0 && a.Third == 0 => BecomeStrict(thread),
                RevealingCalls.SetFilter => RefuseFilter(thread, isForAll: (a.Second & RevealingCalls.ForAllThreads) != 0),
                _ => null,
            };

        switch ((uint)a.First)
        {
            case RevealingCalls.GetSeccomp:
                return HasOnlyOurFilter(thread) ? new CallResult(0) : null;
            case RevealingCalls.SetSeccomp when a.Second == RevealingCalls.StrictMode:
                return BecomeStrict(thread);
            case RevealingCalls.SetSeccomp:
                return RefuseFilter(thread, isForAll: false);
            case RevealingCalls.SetNoNewPrivileges when a is { Second: 1, Third: 0, Fourth: 0, Fifth: 0 }:
                thread.HasNoNewPrivileges = true;
                return null;
            case RevealingCalls.GetNoNewPrivileges when a is { Second: 0, Third: 0, Fourth: 0, Fifth: 0 }:
                return HidesNoNewPrivileges(thread) ? new CallResult(0) : null;
            default:
                return null;
        }
    }

    // Where the kernel does not tell how many filters there are, nothing is hidden.
    private bool HasOnlyOurFilter(TracedThread thread) => _hidden.IsOnlyFilter && SecurityState.Of(thread.Id).Filters == 1;

    private CallResult? BecomeStrict(TracedThread thread)
    {
        // With a filter of its own it gets EINVAL from the kernel, as it would without the tracer's.
        if (!HasOnlyOurFilter(thread))
            return null;

        thread.IsStrict = true;
        return new CallResult(0);
    }

    private CallResult? RefuseFilter(TracedThread thread, bool isForAll)
    {
        if (HidesNoNewPrivileges(thread) && !SecurityState.Of(thread.Id).CanAdminister)
            return Errno.AccessDenied;

        if (isForAll && thread.HasNoNewPrivileges)
        {
            foreach (TracedThread other in _threads.Values)
                other.HasNoNewPrivileges |= other.Process == thread.Process;
        }

        return null;
    }

    private bool HidesNoNewPrivileges(TracedThread thread) => _hidden.HasNoNewPrivileges && !thread.HasNoNewPrivileges;

    /// <summary>Ends a thread in strict mode that made a call which this forbids: with SIGKILL, as the kernel does, and alone.</summary>
    private void EndForbidden(TracedThread thread, in SystemCallStop stop)
    {
        if (thread.Process.RunningThreads == 1)
        {
            _ = Kernel.Kill(thread.Process.Id, Signals.Kill);
            return;
        }

        if (!Kernel.PtraceGetRegisters(thread.Id, out Registers registers).IsError)
        {
            registers.OrigRax = stop.Architecture == SystemCallStop.ArchI386 ? StrictMode.ExitI386 : StrictMode.Exit;
            _ = Kernel.PtraceSetRegisters(thread.Id, registers);
        }

        Resume(thread);
    }

    /// <summary>Lets the call at which a thread is stopped return <paramref name="result"/>, and do nothing.</summary>
    private static void Answer(TracedThread thread, CallResult result)
    {
        if (Kernel.PtraceGetRegisters(thread.Id, out Registers registers).IsError)
            return;

        registers.OrigRax = ulong.MaxValue;
        registers.Rax = (ulong)result.Raw;
        _ = Kernel.PtraceSetRegisters(thread.Id, registers);
    }

    /// <summary>Takes CLONE_UNTRACED from a call. The child would have the filter and no tracer, so that each of its memory calls would fail.</summary>
    private static void ClearUntraced(TracedThread thread, in SystemCallStop stop)
    {
        bool is32 = stop.Architecture == SystemCallStop.ArchI386;
        long number = CallClassifier.NumberOf(stop);
        CloneFlags? flags = is32 ? BirthFlags.OfCallI386(thread.Id, (ulong)number, stop.Arguments.First) : BirthFlags.OfCall(thread.Id, (CallNumber)number, stop.Arguments.First);
        if (flags is not { } given || (given & CloneFlags.Untraced) == 0)
            return;

        bool isInMemory = BirthFlags.AreInMemory(is32, number);
        var cleared = new ClearedFlag((ulong)given, isInMemory ? stop.Arguments.First : null, is32);
        if (TryWrite(thread.Id, cleared, (ulong)(given & ~CloneFlags.Untraced)))
            thread.Cleared = cleared;
    }

    /// <summary>Gives a thread back what was taken from its call.</summary>
    private static void RestoreCleared(TracedThread thread)
    {
        if (thread.Cleared is not { } cleared)
            return;

        thread.Cleared = null;
        _ = TryWrite(thread.Id, cleared, cleared.Flags);
    }

    private static bool TryWrite(int thread, in ClearedFlag cleared, ulong flags)
    {
        if (cleared.Address is { } address)
            return !Kernel.PtracePoke(thread, address, flags).IsError;

        if (Kernel.PtraceGetRegisters(thread, out Registers registers).IsError)
            return false;

        if (cleared.Is32)
            registers.Rbx = flags;
        else
            registers.Rdi = flags;

        return !Kernel.PtraceSetRegisters(thread, registers).IsError;
    }
}
