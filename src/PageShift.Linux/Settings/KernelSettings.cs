using System.Globalization;
using PageShift.Linux.Execution;

namespace PageShift.Linux.Settings;

/// <summary>The settings of the running kernel that change what the memory calls do. A null is a setting that this kernel does not show.</summary>
/// <param name="TransparentHugePages">always, madvise or never: /sys/kernel/mm/transparent_hugepage/enabled.</param>
/// <param name="SharedTransparentHugePages">The same for shared anonymous memory: shmem_enabled beside it.</param>
/// <param name="OvercommitMemory">vm.overcommit_memory: 0 heuristic, 1 always, 2 strict.</param>
/// <param name="MostMappings">vm.max_map_count.</param>
/// <param name="LowestAddress">vm.mmap_min_addr in bytes. A security module may raise hints higher: see <see cref="KernelSurroundings.LowestHint"/>.</param>
/// <param name="PooledHugePages">How many huge pages the machine's pools have and may have: vm.nr_hugepages and vm.nr_overcommit_hugepages.</param>
/// <param name="SharesZeroPages">True when the kernel replaces pages that may be merged and hold only zeros by its one page of zeros: ksm/run and ksm/use_zero_pages are 1.</param>
/// <param name="SearchesFromBottom">True when what is started here gets the old layout, in which the kernel searches from the bottom: by its personality or vm.legacy_va_layout.</param>
internal sealed record KernelSettings(
    string? TransparentHugePages, string? SharedTransparentHugePages, long? OvercommitMemory, long? MostMappings, long? LowestAddress, long? PooledHugePages = 0,
    bool SharesZeroPages = false, bool SearchesFromBottom = false)
{
    private const string SamePageMerging = "/sys/kernel/mm/ksm/";
    private const uint OldLayout = 0x200000;
    private const string HugePages = "/sys/kernel/mm/transparent_hugepage/";

    /// <summary>Reads the settings now.</summary>
    public static KernelSettings Read() => new(
        ProcSetting.ReadChoice(HugePages + "enabled"),
        ProcSetting.ReadChoice(HugePages + "shmem_enabled"),
        ProcSetting.ReadNumber("/proc/sys/vm/overcommit_memory"),
        ProcSetting.ReadNumber("/proc/sys/vm/max_map_count"),
        ProcSetting.ReadNumber("/proc/sys/vm/mmap_min_addr"),
        ProcSetting.ReadNumber("/proc/sys/vm/nr_hugepages") + ProcSetting.ReadNumber("/proc/sys/vm/nr_overcommit_hugepages"),
        ProcSetting.ReadNumber(SamePageMerging + "run") == 1 && ProcSetting.ReadNumber(SamePageMerging + "use_zero_pages") == 1,
        HasOldPersonality() || ProcSetting.ReadNumber("/proc/sys/vm/legacy_va_layout") == 1);

    /// <summary>ADDR_COMPAT_LAYOUT of this process's personality, which what it starts inherits.</summary>
    private static bool HasOldPersonality() =>
        uint.TryParse(ProcSetting.ReadText("/proc/self/personality"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint personality) && (personality & OldLayout) != 0;
}
