namespace PageShift.Linux.Probing;

/// <summary>What one call cost the running kernel.</summary>
public readonly struct MeasuredCost
{
    internal MeasuredCost(long tlbFlushes, long zeroedAllocations, long nanoseconds) =>
        (TlbFlushes, ZeroedAllocations, Nanoseconds) = (tlbFlushes, zeroedAllocations, nanoseconds);

    /// <summary>Events tlb:tlb_flush with reason 3 (this address space, on the processor that makes the change).</summary>
    public long TlbFlushes { get; }

    /// <summary>Events kmem:mm_page_alloc with __GFP_ZERO: page tables, and pages that the call populated.</summary>
    public long ZeroedAllocations { get; }

    /// <summary>The call's time with the counters on, which each counted event lengthens. For the call's own time run it without a probe.</summary>
    public long Nanoseconds { get; }
}
