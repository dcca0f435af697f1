using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Probing;

/// <summary>Counts what the kernel does for one call of a <see cref="KernelExecutor"/>: perf events of the executor's own
/// thread, so that no other activity is seen. The counters always run; a measurement is the difference of two readings,
/// less what a call that does nothing shows.
/// Source of what is counted: <c>docs/linux-rules.md</c> section 7.
/// Thread safety: none; use it from the thread that uses the executor.</summary>
public sealed class KernelProbe : IDisposable
{
    private const int CounterCount = 2;
    private const int CalibrationCalls = 16;

    private readonly KernelExecutor _executor;
    private readonly SafeFileHandle _flushes;
    private readonly SafeFileHandle _allocations;
    private MeasuredCost _overhead;

    private KernelProbe(KernelExecutor executor, SafeFileHandle flushes, SafeFileHandle allocations)
    {
        _executor = executor;
        _flushes = flushes;
        _allocations = allocations;
    }

    /// <summary>Attaches counters to an executor, which must outlive the probe.</summary>
    /// <param name="executor">Whose calls to count.</param>
    /// <param name="reason">When the result is null: one sentence that says why counting is not possible here.</param>
    /// <returns>The probe, or null.</returns>
    public static KernelProbe? TryAttach(KernelExecutor executor, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (Tracepoint.TryFind("tlb/tlb_flush", out reason) is not ulong flush) return null;
        if (Tracepoint.TryFind("kmem/mm_page_alloc", out reason) is not ulong allocation) return null;

        SafeFileHandle? flushes = Open(executor, flush, "reason==3", null, out Errno error);
        SafeFileHandle? allocations = flushes is null ? null : Open(executor, allocation, "gfp_flags&0x100", flushes, out error);
        if (flushes is null || allocations is null)
        {
            flushes?.Dispose();
            reason = WhyNotOpened(error);
            return null;
        }

        var probe = new KernelProbe(executor, flushes, allocations);
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
        (long flushesBefore, long allocationsBefore) = Read();
        outcome = _executor.Invoke(number, arguments);
        (long flushesAfter, long allocationsAfter) = Read();
        return new MeasuredCost(
            Math.Max(0, flushesAfter - flushesBefore - _overhead.TlbFlushes),
            Math.Max(0, allocationsAfter - allocationsBefore - _overhead.ZeroedAllocations),
            Math.Max(0, outcome.Nanoseconds - _overhead.Nanoseconds));
    }

    /// <summary>Removes the counters.</summary>
    public void Dispose()
    {
        _allocations.Dispose();
        _flushes.Dispose();
    }

    private static SafeFileHandle? Open(KernelExecutor executor, ulong tracepoint, string filter, SafeFileHandle? groupLeader, out Errno error)
    {
        SafeFileHandle? counter = Kernel.PerfEventOpen(tracepoint, executor.ProcessId, groupLeader, out error);
        if (counter is null) return null;
        error = Kernel.IoctlSetFilter(counter, filter).Error;
        if (error == Errno.None) return counter;
        counter.Dispose();
        return null;
    }

    private static string WhyNotOpened(Errno error) => error is Errno.AccessDenied or Errno.OperationNotPermitted
        ? "counting needs root, CAP_PERFMON, or kernel.perf_event_paranoid = -1"
        : $"the kernel's counters could not be opened: {ErrnoName.Of(error)}";

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

    private (long Flushes, long Allocations) Read()
    {
        Span<ulong> group = stackalloc ulong[1 + CounterCount];
        _ = Kernel.Read(_flushes, group);
        return ((long)group[1], (long)group[2]);
    }
}
