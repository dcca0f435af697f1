using PageShift.Linux.Probing;
using PageShift.Linux.Tracing;

namespace PageShift.Verification.Following;

/// <content>What the kernel counts in the calls that move, where that was asked for and is possible.</content>
internal sealed partial class FollowedSpace
{
    private readonly Dictionary<int, CallCounters> _counters = [];
    private (long Flushes, long Allocations)? _counted;

    /// <summary>A call that may move is about to be made, and all that had to be read is read.</summary>
    private void BeginCounting(int thread)
    {
        _counted = null;
        if (!_context.Options.CountsKernel || _context.Statistics.WhyNotCounted is not null)
            return;
        if (!_counters.TryGetValue(thread, out CallCounters? counters))
        {
            counters = CallCounters.TryOpen(thread, out string? reason);
            _context.Statistics.WhyNotCounted = reason;
            if (counters is null)
                return;
            _counters.Add(thread, counters);
        }

        _counted = counters.Read();
    }

    /// <summary>The call has returned.</summary>
    private void EndCounting(in CallExit exit)
    {
        if (_counted is not { } before || !_counters.TryGetValue(exit.Entry.ThreadId, out CallCounters? counters))
            return;
        _counted = null;
        (long flushes, long allocations) = counters.Read();
        if (exit.Result.IsError)
            return;
        _context.Statistics.CountedFlushes += flushes - before.Flushes;
        _context.Statistics.CountedAllocations += allocations - before.Allocations;
    }

    private void CloseCounters()
    {
        foreach (CallCounters counters in _counters.Values)
            counters.Dispose();
    }
}
