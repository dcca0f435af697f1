using System.Diagnostics;

namespace PageShift.Linux.Tracing;

/// <summary>Keeps the calls on one address space one after the other: a call that comes while another is active waits at its
/// entry, with its thread stopped. Without that, two calls of different threads could take effect in another order than
/// they are seen. A call may depend on another thread's (a page fault that another thread serves by userfaultfd, say), so none
/// is waited for longer than a limit. Used by the tracing thread only.</summary>
internal sealed class CallOrder(int addressSpaceId)
{
    private readonly List<TracedThread> _active = [];
    private readonly List<TracedThread> _waiting = [];

    /// <summary>The number of the address space.</summary>
    public int AddressSpaceId { get; } = addressSpaceId;

    /// <summary>The thread for whose call all others are stopped; null when they are not.</summary>
    public TracedThread? StandstillFor { get; set; }

    /// <summary>The threads that were interrupted for it.</summary>
    public List<TracedThread> Interrupted { get; } = [];

    /// <summary>The threads that sleep in a call, and were left to, with how often each had been given a processor.</summary>
    public List<(TracedThread Thread, long Turns)> Sleeping { get; } = [];

    /// <summary>True when a call waits.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>True when no call is active.</summary>
    public bool IsIdle => _active.Count == 0;

    /// <summary>Makes the thread's call active, or lets it wait when another one is.</summary>
    /// <returns>True when the call is active now.</returns>
    public bool TryEnter(TracedThread thread)
    {
        thread.CallOrder = this;
        if (!IsIdle)
        {
            thread.Phase = CallPhase.Waiting;
            _waiting.Add(thread);
            return false;
        }

        Activate(thread);
        return true;
    }

    /// <summary>Ends the thread's call, whether it was active or waited.</summary>
    public void Leave(TracedThread thread)
    {
        _ = (thread.Phase == CallPhase.Active ? _active : _waiting).Remove(thread);
        thread.Phase = CallPhase.None;
        thread.CallOrder = null;
    }

    /// <summary>Makes the call that has waited longest active, when one waits.</summary>
    public TracedThread? ActivateNext()
    {
        if (_waiting.Count == 0)
            return null;

        TracedThread next = _waiting[0];
        _waiting.RemoveAt(0);
        Activate(next);
        return next;
    }

    /// <summary>Takes back from the active calls that they are at a standstill.</summary>
    public void GiveUpStandstill()
    {
        foreach (TracedThread thread in _active)
            thread.Entry = thread.Entry with { IsAtStandstill = false };
    }

    /// <summary>True when every active call was let into the kernel longer ago than <paramref name="limit"/>, and sleeps there. One that only
    /// waits for a processor will come; where it can't be told from one that sleeps, its time ends too, later. One to which the tracer gave a free place is waited for: another call could take it.</summary>
    public bool IsOverdue(TimeSpan limit)
    {
        const int LimitsOfARunningCall = 50;
        foreach (TracedThread thread in _active)
        {
            if (thread.Replaced is not null)
                return false;
            TimeSpan elapsed = Stopwatch.GetElapsedTime(thread.EnteredAt);
            if (elapsed < limit || (elapsed < limit * LimitsOfARunningCall && !CallSleep.Has(thread.Process.Id, thread.Id)))
                return false;
        }

        return true;
    }

    private void Activate(TracedThread thread)
    {
        thread.IsOverlapped = _active.Count > 0;
        foreach (TracedThread other in _active)
            other.IsOverlapped = true;

        thread.Phase = CallPhase.Active;
        _active.Add(thread);
    }
}
