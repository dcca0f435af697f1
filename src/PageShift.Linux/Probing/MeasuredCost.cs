namespace PageShift.Linux;

/// <summary>What one call cost the running kernel.</summary>
/// <param name="TlbFlushes">Events tlb:tlb_flush with reason 3 (this address space, on the processor that makes the change).</param>
/// <param name="ZeroedAllocations">Events kmem:mm_page_alloc with __GFP_ZERO: page tables, and pages that the call populated.</param>
/// <param name="Nanoseconds">The call's time with the counters on, which each counted event lengthens. For the call's own
/// time run it without a probe.</param>
public readonly record struct MeasuredCost(long TlbFlushes, long ZeroedAllocations, long Nanoseconds);
