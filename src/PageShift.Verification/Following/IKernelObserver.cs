using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Probing;

namespace PageShift.Verification.Following;

/// <summary>Sees what the running kernel does when it follows a log.</summary>
public interface IKernelObserver
{
    /// <summary>The kernel has made the mremap of <paramref name="record"/>, or could not.</summary>
    void OnMeasured(in CallRecord record, in KernelMove move);

    /// <summary>The kernel ended a call otherwise than the engine, or holds other mappings in the end. It follows this space no further.</summary>
    /// <param name="divergence">What differs, after which call; the last one of all when mappings differ in the end.</param>
    void OnParted(Divergence divergence);
}

/// <summary>One mremap on the running kernel.</summary>
/// <param name="Cost">What the counters showed and how long it took; null when nothing could be counted.</param>
/// <param name="Nanoseconds">The call's time, with the counters' own where there are any; null when the call did not run.</param>
/// <param name="Reason">Why <paramref name="Cost"/> is null, in one sentence.</param>
public readonly record struct KernelMove(MeasuredCost? Cost, long? Nanoseconds, string? Reason);
