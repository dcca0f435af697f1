using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Linux.Execution;
using PageShift.Linux.Settings;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;
using PageShift.Verification.Kernels;

namespace PageShift.Verification.Lockstep;

/// <summary>What a process of the kernel's side has before its first call, so that the engine can begin alike: the executor's own mappings, the layout, the limits and the
/// kernel's settings.</summary>
public sealed record LockstepSurroundings
{
    private const ulong DefaultLockLimit = 8UL << 20;

    private static KernelSurroundings Usual { get; } = new(
        new VirtualAddress(0x7fff_f7ff_f000),
        new VirtualAddress(0x1_0000),
        new VirtualAddress(0x40_1000));

    /// <summary>What is in the executor's address space.</summary>
    internal KernelSurroundings Kernel { get; init; } = Usual;

    /// <summary>The soft limits.</summary>
    public ResourceLimits Limits { get; private init; } = new() { Locked = new ByteLength(DefaultLockLimit) };

    /// <summary>The largest single charge of memory that the kernel allows.</summary>
    public ByteLength CommitLimit { get; private init; } = new(1UL << 40);

    /// <summary>vm.max_map_count.</summary>
    public int MaximumMapCount { get; private init; } = 65530;

    /// <summary>True when the kernel gives large pages to those who ask for them.</summary>
    public bool TransparentHugePages { get; private init; } = true;

    /// <summary>True when it gives them to all others too: /sys/kernel/mm/transparent_hugepage/enabled is 'always'.</summary>
    internal bool LargePagesUnasked { get; init; }

    /// <summary>True when five levels of page tables are in use.</summary>
    internal bool HasFiveLevels { get; init; }

    /// <summary>True when the kernel has a pool of huge pages: calls that may take from it are left out, and counted.</summary>
    internal bool HasHugePagePool { get; init; }

    /// <summary>True when the processor has protection keys, which the kernel uses.</summary>
    public bool ProtectionKeys { get; internal init; }

    /// <summary>vm.mmap_min_addr.</summary>
    internal VirtualAddress LowestUnprivilegedAddress { get; private init; } = new(PageSize.Bytes);

    /// <summary>What the kernel has.</summary>
    internal KernelProfile Profile { get; private init; } = KernelProfile.Default;

    /// <summary>The flags that smaps does not show: of those for execution alone it has no code, and guard pages are a matter of the kernel.</summary>
    internal VmFlags HiddenFlags => Profile.ShowsGuardFlag ? VmFlags.ExecuteOnly : VmFlags.ExecuteOnly | VmFlags.MayHaveGuards;

    /// <summary>True when the kernel may swap pages out.</summary>
    public bool HasSwap { get; private init; }

    /// <summary>An executor's surroundings on an x86-64 with four levels of page tables and Debian's settings: what the engine alone can be run in where there is no such kernel.</summary>
    public static LockstepSurroundings Default { get; } = new();

    /// <summary>Reads what surrounds an executor that has made no call yet, and sets its limits to known ones where it may.</summary>
    /// <param name="executor">The executor.</param>
    /// <param name="reason">When the result is null: one sentence that says what the engine does not model here.</param>
    internal static LockstepSurroundings? TryRead(KernelExecutor executor, out string? reason)
    {
        KernelSettings settings = KernelSettings.Read();
        reason = ReasonAgainst(settings, KernelVersion.ReadRunning());
        if (reason is not null || RunningKernel.TryProbe(executor, out reason) is not { } kernel)
            return null;
        SetLimits(executor);
        return new LockstepSurroundings
        {
            Kernel = executor.Surroundings,
            Limits = new ResourceLimits
            {
                AddressSpace = new ByteLength(executor.GetLimit(KernelResource.AddressSpace)),
                Data = new ByteLength(executor.GetLimit(KernelResource.Data)),
                Locked = new ByteLength(executor.GetLimit(KernelResource.LockedMemory)),
                Stack = new ByteLength(executor.GetLimit(KernelResource.Stack)),
            },
            CommitLimit = settings.OvercommitMemory == 1 ? new ByteLength(ulong.MaxValue) : MachineMemory.ReadTotal(),
            MaximumMapCount = (int)(settings.MostMappings ?? 65530),
            TransparentHugePages = settings.TransparentHugePages is "madvise" or "always",
            LargePagesUnasked = settings.TransparentHugePages == "always",
            HasFiveLevels = ProcessorFeatures.HasFiveLevels,
            HasHugePagePool = settings.PooledHugePages is > 0,
            LowestUnprivilegedAddress = new VirtualAddress((ulong)(settings.LowestAddress ?? (long)PageSize.Bytes)),
            Profile = kernel.Profile,
            ProtectionKeys = ProcessorFeatures.HasProtectionKeys,
            HasSwap = MachineMemory.HasSwap(),
        };
    }

    /// <summary>Gives an executor the limits that its copies begin with, where it may.</summary>
    internal static void SetLimits(KernelExecutor executor) => _ = executor.SetLimit(KernelResource.LockedMemory, DefaultLockLimit);

    /// <summary>An engine's space in these surroundings: nothing but the executor's two mappings.</summary>
    internal AddressSpace MakeSpace(PhysicalMemory memory, MovePolicy policy, List<MemoryObject> objects)
    {
        var space = new AddressSpace(memory, new AddressSpaceOptions
        {
            Geometry = HasFiveLevels ? PagingGeometry.X86FiveLevel : PagingGeometry.X86,
            Policy = policy,
            Kernel = Profile,
            MinimumAddress = Kernel.LowestHint,
            LowestUnprivilegedAddress = LowestUnprivilegedAddress,
            MmapBase = Kernel.MapBase,
            BreakStart = Kernel.BreakStart,
            ProgramData = Kernel.ProgramData,
            TransparentHugePages = TransparentHugePages,
            LargePagesUnasked = LargePagesUnasked,
            ProtectionKeys = ProtectionKeys,
            MaximumMapCount = MaximumMapCount,
            CommitLimit = CommitLimit,
            IsPrivileged = false,
            Limits = Limits,
        });
        var file = new OpenFile(new MemoryObject(memory, MemoryObjectKind.Memory, Kernel.HostCode.Length + Kernel.HostData.Length));
        objects.Add(file.Object);
        const MapFlags SharedFixed = MapFlags.Shared | MapFlags.Fixed;
        _ = space.Map(Kernel.HostCode.Start, Kernel.HostCode.Length, Protection.Read | Protection.Execute, SharedFixed, file);
        _ = space.Map(Kernel.HostData.Start, Kernel.HostData.Length, Protection.Read | Protection.Write, SharedFixed, file, Kernel.HostCode.Length.Value);
        return space;
    }

    /// <summary>What the engine does not model of a kernel; null when it is one that the engine follows.</summary>
    internal static string? ReasonAgainst(KernelSettings settings, KernelVersion? version)
    {
        if (version is null || !version.IsAtLeast(6, 18))
            return $"the engine follows Linux 6.18; the kernel here is {version?.Release ?? "unknown"}";
        if (settings.OvercommitMemory == 2)
            return "the kernel accounts memory strictly here (vm.overcommit_memory is 2), which the engine does not model";
        if (settings.SharesZeroPages)
            return "the kernel merges pages of zeros into one here, at a time of its own (ksm/run and ksm/use_zero_pages are 1), which the engine does not model";
        if (settings.SearchesFromBottom)
            return "the kernel searches the address space from the bottom here (setarch -L, or vm.legacy_va_layout is 1), which the engine does not model";
        return settings.SharedTransparentHugePages is null or "never" or "deny"
            ? null
            : $"shared memory gets transparent huge pages here (shmem_enabled is '{settings.SharedTransparentHugePages}'), which the engine does not model";
    }

    /// <summary>Why the answers of a kernel are not those that the cases of the conformance suite have, though the engine follows it; null when they are.</summary>
    internal static string? ReasonAgainstCases(KernelSettings settings, KernelVersion? version, bool hasFiveLevels)
    {
        if (ReasonAgainst(settings, version) is { } reason)
            return reason;
        if (hasFiveLevels)
            return "five levels of page tables are in use here, which changes what becomes of high hints; the cases are of four";
        if (settings.PooledHugePages is > 0)
            return "there is a pool of huge pages here (vm.nr_hugepages); the cases are of a system without one";
        return settings.TransparentHugePages == "always" ? "transparent huge pages are 'always' here; the cases are of 'madvise' and 'never'" : null;
    }

    /// <summary>The same of the running kernel.</summary>
    internal static string? ReasonAgainstCases() => ReasonAgainstCases(KernelSettings.Read(), KernelVersion.ReadRunning(), ProcessorFeatures.HasFiveLevels);
}
