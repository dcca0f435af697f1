using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <summary>How a <see cref="KernelExecutor"/> runs calls.</summary>
public sealed class KernelExecutorOptions
{
    /// <summary>Keeps the runner's capabilities. By default the process drops them all, so that the kernel treats it as an
    /// ordinary user's: RLIMIT_MEMLOCK binds and addresses below vm.mmap_min_addr are refused, whoever runs the tool.</summary>
    public bool KeepCapabilities { get; init; }

    /// <summary>The longest range, in bytes, that one call may be asked to fault in (MAP_POPULATE, MAP_LOCKED, mlock,
    /// MADV_POPULATE, a fill). A longer one is refused, because the machine has to live with it.</summary>
    public ByteLength MostPopulatedBytes { get; init; } = new(1UL << 30);
}
