using PageShift.Abi;

namespace PageShift.Linux.Execution;

/// <summary>What became of one call on the running kernel.</summary>
public readonly struct KernelOutcome
{
    internal KernelOutcome(CallResult result, long nanoseconds, Refusal refusal) => (Result, Nanoseconds, Refusal) = (result, nanoseconds, refusal);

    /// <summary>The kernel's result; meaningless when the call was refused.</summary>
    public CallResult Result { get; }

    /// <summary>The time between two readings of CLOCK_MONOTONIC right before and right after the call, in the process that made it. One reading's
    /// own cost is included.</summary>
    public long Nanoseconds { get; }

    /// <summary>Why the call did not run, or <see cref="Refusal.None"/>.</summary>
    public Refusal Refusal { get; }

    /// <summary>True when the kernel saw the call.</summary>
    public bool Ran => Refusal == Refusal.None;
}
