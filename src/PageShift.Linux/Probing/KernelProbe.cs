using PageShift.Abi;
using PageShift.Linux.Execution;

namespace PageShift.Linux.Probing;

/// <summary>Counts what the kernel does for one call of a <see cref="KernelExecutor"/>: perf events of the executor's own
/// thread, so that no other activity is seen. The counters always run; a measurement is the difference of two readings,
/// less what a call that does nothing shows.
/// Source of what is counted: <c>docs/linux-rules.md</c> section 7.
/// Thread safety: none; use it from the thread that uses the executor.</summary>
public sealed class KernelProbe : IDisposable
{
    private const int CalibrationCalls = 16;

    private readonly KernelExecutor _executor;
    private readonly CallCounters _counters;
    private MeasuredCost _overhead;

    private KernelProbe(KernelExecutor executor, CallCounters counters)
    {
        _executor = executor;
        _counters = counters;
    }

    /// <summary>Attaches counters to an executor, which must outlive the probe.</summary>
    /// <param name="executor">Whose calls to count.</param>
    /// <param name="reason">When the result is null: one sentence that says why counting is not possible here.</param>
    /// <returns>The probe, or null.</returns>
    public static KernelProbe? TryAttach(KernelExecutor executor, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (CallCounters.TryOpen(executor.ProcessId, out reason) is not { } counters) return null;
        var probe = new KernelProbe(executor, counters);
        probe.Calibrate();
        return probe;
    }

    /// <summary>Makes one call and counts.</summary>
    /// <param name="outcome">What the executor answered; a call that was refused costs nothing.</param>
    /// <param name="number">The call.</param>
    /// <param name="arguments">The registers.</param>
    /// <returns>The cost, less the counters' own.</returns>
    public MeasuredCost Measure(out KernelOutcome outcome, SystemCallNumber number, in CallArguments arguments = default)
    {
        (long flushesBefore, long allocationsBefore) = _counters.Read();
        outcome = _executor.Invoke(number, arguments);
        (long flushesAfter, long allocationsAfter) = _counters.Read();
        return new MeasuredCost(
            Math.Max(0, flushesAfter - flushesBefore - _overhead.TlbFlushes),
            Math.Max(0, allocationsAfter - allocationsBefore - _overhead.ZeroedAllocations),
            Math.Max(0, outcome.Nanoseconds - _overhead.Nanoseconds));
    }

    /// <summary>Removes the counters.</summary>
    public void Dispose() => _counters.Dispose();

    // The best of some calls that change nothing: an munmap of nothing is refused by its length.
    private void Calibrate()
    {
        var best = new MeasuredCost(long.MaxValue, long.MaxValue, long.MaxValue);
        for (int repetition = 0; repetition < CalibrationCalls; repetition++)
        {
            MeasuredCost cost = Measure(out _, SystemCallNumber.Unmap);
            best = new MeasuredCost(Math.Min(best.TlbFlushes, cost.TlbFlushes),
                Math.Min(best.ZeroedAllocations, cost.ZeroedAllocations), Math.Min(best.Nanoseconds, cost.Nanoseconds));
        }

        _overhead = best;
    }
}
