using System.Globalization;
using PageShift.Calls;

namespace PageShift.Verification;

/// <summary>A place where engine and kernel differ.</summary>
/// <param name="Index">Which call it was, counted from 0.</param>
/// <param name="Call">The call after which they differ.</param>
/// <param name="Subject">What differs, such as "the result" or "the mappings".</param>
/// <param name="Engine">What the engine has.</param>
/// <param name="Kernel">What the kernel has.</param>
public sealed record LockstepDivergence(int Index, CallRecord Call, string Subject, string Engine, string Kernel)
{
    /// <summary>What the kernel did of its own accord while the calls were made, by its counters, and what may be the cause; null when there was nothing.</summary>
    public KnownDifference? Explanation { get; init; }

    /// <summary>The divergence in one sentence.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"after call {Index + 1}, {Call.Name}, {Subject} differ: engine {Engine}, kernel {Kernel}");
}
