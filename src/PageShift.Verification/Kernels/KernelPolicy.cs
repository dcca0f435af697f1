using PageShift.Linux.Settings;
using PageShift.Moving;

namespace PageShift.Verification.Kernels;

/// <summary>Which policy says what a kernel does.</summary>
internal static class KernelPolicy
{
    /// <summary>The newest policy that <paramref name="version"/> is not older than.</summary>
    internal static MovePolicy Of(KernelVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        if (version.IsAtLeast(6, 7))
            return MovePolicy.Linux67;
        if (version.IsAtLeast(5, 11))
            return MovePolicy.Linux511;
        return version.IsAtLeast(5, 0) ? MovePolicy.Linux50 : MovePolicy.Linux420;
    }
}
