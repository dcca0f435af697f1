using Microsoft.Win32.SafeHandles;
using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Probing;

/// <summary>The kernel's counters of what it does in one thread: perf events of two tracepoints, which always run.
/// Source of what is counted: <c>docs/linux-rules.md</c> section 7.
/// Thread safety: none.</summary>
internal sealed class CallCounters : IDisposable
{
    private const int CounterCount = 2;

    private readonly SafeFileHandle _flushes;
    private readonly SafeFileHandle _allocations;

    private CallCounters(SafeFileHandle flushes, SafeFileHandle allocations) => (_flushes, _allocations) = (flushes, allocations);

    /// <summary>Begins to count in a thread.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="reason">When the result is null: one sentence that says why counting is not possible here.</param>
    public static CallCounters? TryOpen(int thread, out string? reason)
    {
        if (Tracepoint.TryFind("tlb/tlb_flush", out reason) is not ulong flush) return null;
        if (Tracepoint.TryFind("kmem/mm_page_alloc", out reason) is not ulong allocation) return null;

        SafeFileHandle? flushes = Open(thread, flush, "reason==3", null, out Errno error);
        SafeFileHandle? allocations = flushes is null ? null : Open(thread, allocation, "gfp_flags&0x100", flushes, out error);
        if (flushes is not null && allocations is not null) return new CallCounters(flushes, allocations);
        flushes?.Dispose();
        reason = WhyNotOpened(error);
        return null;
    }

    /// <summary>What was counted up to now: events tlb:tlb_flush with reason 3, and events kmem:mm_page_alloc with __GFP_ZERO.</summary>
    public (long Flushes, long Allocations) Read()
    {
        Span<ulong> group = stackalloc ulong[1 + CounterCount];
        _ = Kernel.Read(_flushes, group);
        return ((long)group[1], (long)group[2]);
    }

    /// <summary>Removes the counters.</summary>
    public void Dispose()
    {
        _allocations.Dispose();
        _flushes.Dispose();
    }

    private static SafeFileHandle? Open(int thread, ulong tracepoint, string filter, SafeFileHandle? groupLeader, out Errno error)
    {
        SafeFileHandle? counter = Kernel.PerfEventOpen(tracepoint, thread, groupLeader, out error);
        if (counter is null) return null;
        error = Kernel.IoctlSetFilter(counter, filter).Error;
        if (error == Errno.None) return counter;
        counter.Dispose();
        return null;
    }

    private static string WhyNotOpened(Errno error) => error is Errno.AccessDenied or Errno.OperationNotPermitted
        ? "counting needs root, CAP_PERFMON, or kernel.perf_event_paranoid = -1"
        : $"the kernel's counters could not be opened: {ErrnoName.Of(error)}";
}
