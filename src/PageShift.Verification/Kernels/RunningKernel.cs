using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Execution;
using PageShift.Linux.Settings;
using PageShift.Moving;

namespace PageShift.Verification.Kernels;

/// <summary>The running kernel, as far as the engine has to know it: found by asking it, since a kernel may have been configured otherwise than its release says, or have a change of a later one.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Policy">How it moves page tables.</param>
/// <param name="Profile">What it has.</param>
internal readonly record struct RunningKernel(KernelVersion Version, MovePolicy Policy, KernelProfile Profile)
{
    /// <summary>Asks it, in a process of its own.</summary>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    internal static RunningKernel? TryProbe(out string? reason)
    {
        using KernelExecutor? executor = KernelExecutor.TryStart(null, out reason);
        return executor is null ? null : TryProbe(executor, out reason);
    }

    /// <summary>The same in copies of a process that has made no call.</summary>
    internal static RunningKernel? TryProbe(KernelExecutor pristine, out string? reason)
    {
        reason = null;
        if (KernelVersion.ReadRunning() is not { } version)
        {
            reason = "the running kernel's version can't be read from /proc/sys/kernel/osrelease";
            return null;
        }

        // Without counters its moves can't be told apart: then the release has to do.
        return new RunningKernel(version, MoveProbe.TryFindPolicy(pristine) ?? KernelPolicy.Of(version), FindProfile(pristine, version));
    }

    /// <summary>What it has, without asking how it moves page tables. Where it can't be asked its release has to do, and without that <see cref="KernelProfile.Default"/>.</summary>
    internal static KernelProfile FindProfile()
    {
        if (KernelVersion.ReadRunning() is not { } version)
            return KernelProfile.Default;
        using KernelExecutor? executor = KernelExecutor.TryStart(null, out _);
        return executor is null ? KernelProfile.Of(version.Major, version.Minor) : FindProfile(executor, version);
    }

    private static KernelProfile FindProfile(KernelExecutor pristine, KernelVersion version)
    {
        KernelProfile release = KernelProfile.Of(version.Major, version.Minor);
        if (pristine.TryFork(out KernelExecutor? copy).IsError || copy is null)
            return release;
        using (copy)
        {
            // Advice of nothing is only looked at; a flag that mseal does not know is refused after the call is known.
            var asked = new FeatureProbe(copy);
            return release with
            {
                HasPopulateAdvice = asked.KnowsAdvice(Advice.PopulateWrite),
                HasCollapse = asked.KnowsAdvice(Advice.Collapse),
                HasGuardRegions = asked.KnowsAdvice(Advice.GuardInstall),
                HasSeal = asked.HasSeal(),
                HasDroppable = asked.HasDroppable(),
                AlignsAnonymous = asked.AlignsAnonymous(),
                LeavesSharedMapped = asked.LeavesSharedMapped(),
                MovesSeveralMappings = asked.MovesSeveralMappings(),
                ShowsGuardFlag = asked.ShowsGuardFlag(),
                LocksDroppable = asked.LocksDroppable(), // the last: it changes what is mapped afterwards
            };
        }
    }
}
