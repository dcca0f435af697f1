using PageShift.Linux.Probing;
using PageShift.Linux.Tracing;
using PageShift.Moving;

namespace PageShift.Verification.Following;

/// <content>What the kernel counts in the calls that move, where that was asked for and is possible.</content>
internal sealed partial class FollowedSpace
{
    private readonly Dictionary<int, CallCounters> _counters = [];
    private (long Flushes, long Allocations)? _counted;
    private KernelMove? _measured;

    /// <summary>A call that may move is about to be made, and all that had to be read is read.</summary>
    private void BeginCounting(int thread)
    {
        _counted = null;
        if (_context.Options.Counted is null || _context.Statistics.WhyNotCounted is not null)
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
        _measured = null;
        if (_counted is not { } before || !_counters.TryGetValue(exit.Entry.ThreadId, out CallCounters? counters))
            return;
        _counted = null;
        (long flushes, long allocations) = counters.Read();
        if (exit.Result.IsError)
            return;
        var cost = new MeasuredCost(flushes - before.Flushes, allocations - before.Allocations, exit.ElapsedNanoseconds);
        _context.Statistics.CountedFlushes += cost.TlbFlushes;
        _context.Statistics.CountedAllocations += cost.ZeroedAllocations;
        _measured = new KernelMove(cost, null, null);
    }

    /// <summary>What the kernel did in the call that has made these moves, beside the prediction for all of them; null where nothing was counted.</summary>
    private KernelReport? MeasuredOf(List<FollowedMove> moves)
    {
        if (_measured is not { } measured || _context.Options.Counted is not { } policy || moves.Count == 0)
            return null;
        MoveCost predicted = moves[0].Under(policy).Cost;
        for (int i = 1; i < moves.Count; i++)
            predicted += moves[i].Under(policy).Cost;
        return KernelReport.Of(policy, predicted, measured, moves.Count, knowsEmptyTables: false); // /proc shows pages
    }

    private void CloseCounters()
    {
        foreach (CallCounters counters in _counters.Values)
            counters.Dispose();
    }
}
