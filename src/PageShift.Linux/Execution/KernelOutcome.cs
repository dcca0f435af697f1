using PageShift.Abi;

namespace PageShift.Linux;

/// <summary>What became of one call on the running kernel.</summary>
/// <param name="Result">The kernel's result; meaningless when the call was refused.</param>
/// <param name="Nanoseconds">The time between two readings of CLOCK_MONOTONIC right before and right after the call,
/// in the process that made it. One reading's own cost is included.</param>
/// <param name="Refusal">Why the call did not run, or <see cref="Refusal.None"/>.</param>
public readonly record struct KernelOutcome(CallResult Result, long Nanoseconds, Refusal Refusal)
{
    /// <summary>True when the kernel saw the call.</summary>
    public bool Ran => Refusal == Refusal.None;
}
