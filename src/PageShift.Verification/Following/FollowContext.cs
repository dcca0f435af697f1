using PageShift.AddressSpaces;
using PageShift.Calls.Execution;
using PageShift.Linux.Settings;
using PageShift.Physical;
using PageShift.Verification.Kernels;

namespace PageShift.Verification.Following;

/// <summary>What all followed address spaces have in common.</summary>
internal sealed class FollowContext : IDisposable
{
    internal FollowContext(IFollowObserver observer, FollowLog? log)
    {
        Observer = observer;
        Log = log;
        Files = new FollowedFiles(Memory);
        Segments = new SegmentTable(Memory);
        Segments.AddUser();
        Kernel = RunningKernel.FindProfile();
        MaximumMapCount = (int)(KernelSettings.Read().MostMappings ?? AddressSpaceDefaults.MaximumMapCount);
    }

    private static AddressSpaceOptions AddressSpaceDefaults { get; } = new();

    internal IFollowObserver Observer { get; }

    internal FollowLog? Log { get; }

    internal FollowOptions Options { get; init; } = new();

    internal PhysicalMemory Memory { get; } = new(PhysicalMemoryOptions.BytesFree);

    internal FollowedFiles Files { get; }

    /// <summary>The shared memory of all followed processes.</summary>
    internal SegmentTable Segments { get; }

    internal FollowStatistics Statistics { get; } = new();

    /// <summary>What the running kernel has.</summary>
    internal KernelProfile Kernel { get; }

    internal int MaximumMapCount { get; }

    internal void Report(Divergence divergence)
    {
        Statistics.Divergences++;
        Observer.Diverged(divergence);
    }

    public void Dispose()
    {
        Segments.RemoveUser();
        Memory.Dispose();
    }
}
