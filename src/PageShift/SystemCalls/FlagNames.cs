using PageShift.Abi;

namespace PageShift.SystemCalls;

/// <summary>The flags and values of memory calls, in the order in which strace 6.1 writes them (recorded).</summary>
internal static class FlagNames
{
    private const int HugeShift = 26; // of the logarithm of the page size in mmap's flags
    private const ulong HugeMask = 0x3f;

    internal static ValueNames Protection { get; } = new("PROT_",
        ("PROT_NONE", (ulong)Abi.Protection.None),
        ("PROT_READ", (ulong)Abi.Protection.Read),
        ("PROT_WRITE", (ulong)Abi.Protection.Write),
        ("PROT_EXEC", (ulong)Abi.Protection.Execute),
        ("PROT_SEM", (ulong)Abi.Protection.Semaphore),
        ("PROT_GROWSDOWN", (ulong)Abi.Protection.GrowsDown),
        ("PROT_GROWSUP", (ulong)Abi.Protection.GrowsUp))
    {
        // Other processors' bits: arm64's, and powerpc's, which has the value of the first.
        AlsoRead = [("PROT_BTI", ForeignProtection.BranchTargets), ("PROT_MTE", ForeignProtection.MemoryTags), ("PROT_SAO", ForeignProtection.BranchTargets)],
    };

    internal static ValueNames Map { get; } = new("MAP_",
        ("MAP_FIXED", (ulong)MapFlags.Fixed),
        ("MAP_ANONYMOUS", (ulong)MapFlags.Anonymous),
        ("MAP_32BIT", (ulong)MapFlags.Below2GiB),
        ("MAP_NORESERVE", (ulong)MapFlags.NoReserve),
        ("MAP_POPULATE", (ulong)MapFlags.Populate),
        ("MAP_NONBLOCK", (ulong)MapFlags.NonBlock),
        ("MAP_GROWSDOWN", (ulong)MapFlags.GrowsDown),
        ("MAP_DENYWRITE", (ulong)MapFlags.DenyWrite),
        ("MAP_EXECUTABLE", (ulong)MapFlags.Executable),
        ("MAP_LOCKED", (ulong)MapFlags.Locked),
        ("MAP_STACK", (ulong)MapFlags.Stack),
        ("MAP_HUGETLB", (ulong)MapFlags.HugeTlb),
        ("MAP_SYNC", (ulong)MapFlags.Sync),
        ("MAP_FIXED_NOREPLACE", (ulong)MapFlags.FixedNoReplace))
    {
        TypeMask = (ulong)MapFlags.TypeMask,
        Types =
        [
            ("MAP_FILE", 0),
            ("MAP_SHARED", (ulong)MapFlags.Shared),
            ("MAP_PRIVATE", (ulong)MapFlags.Private),
            ("MAP_SHARED_VALIDATE", (ulong)MapFlags.SharedValidate),
        ],
        AlsoRead =
        [
            ("MAP_DROPPABLE", (ulong)MapFlags.Droppable),
            ("MAP_ANON", (ulong)MapFlags.Anonymous),
            ("MAP_UNINITIALIZED", (ulong)MapFlags.Uninitialized),
            ("MAP_HUGE_2MB", 21UL << HugeShift),
            ("MAP_HUGE_1GB", 30UL << HugeShift),
        ],
        ShiftedMask = HugeMask << HugeShift,
        ShiftName = "MAP_HUGE_SHIFT",
    };

    internal static ValueNames Remap { get; } = new("MREMAP_",
        ("MREMAP_MAYMOVE", (ulong)RemapFlags.MayMove),
        ("MREMAP_FIXED", (ulong)RemapFlags.Fixed),
        ("MREMAP_DONTUNMAP", (ulong)RemapFlags.DontUnmap));

    /// <summary>The codes of smaps' VmFlags line, and "special" for a mapping of the kernel's own, which only its name tells.</summary>
    internal static ValueNames Mapping { get; } = new("",
        ("rd", (ulong)VmFlags.Read),
        ("wr", (ulong)VmFlags.Write),
        ("ex", (ulong)VmFlags.Execute),
        ("sh", (ulong)VmFlags.Shared),
        ("mr", (ulong)VmFlags.MayRead),
        ("mw", (ulong)VmFlags.MayWrite),
        ("me", (ulong)VmFlags.MayExecute),
        ("ms", (ulong)VmFlags.MayShare),
        ("gd", (ulong)VmFlags.GrowsDown),
        ("lo", (ulong)VmFlags.Locked),
        ("lf", (ulong)VmFlags.LockOnFault),
        ("ac", (ulong)VmFlags.Account),
        ("nr", (ulong)VmFlags.NoReserve),
        ("de", (ulong)VmFlags.DontExpand),
        ("dc", (ulong)VmFlags.DontCopy),
        ("dd", (ulong)VmFlags.DontDump),
        ("wf", (ulong)VmFlags.WipeOnFork),
        ("hg", (ulong)VmFlags.HugePage),
        ("nh", (ulong)VmFlags.NoHugePage),
        ("mg", (ulong)VmFlags.Mergeable),
        ("sr", (ulong)VmFlags.SequentialRead),
        ("rr", (ulong)VmFlags.RandomRead),
        ("sf", (ulong)VmFlags.Sync),
        ("dp", (ulong)VmFlags.Droppable),
        ("sl", (ulong)VmFlags.Sealed),
        ("gu", (ulong)VmFlags.MayHaveGuards),
        ("special", (ulong)VmFlags.Special),
        ("pf", (ulong)VmFlags.PageFrames),
        ("ht", (ulong)VmFlags.HugeTlb),
        ("um", (ulong)VmFlags.UserFault));

    /// <summary>strace 6.1 does not know the two GUARD values; later ones write them by name.</summary>
    internal static ValueNames Advice { get; } = new("MADV_",
        ("MADV_NORMAL", (ulong)Abi.Advice.Normal),
        ("MADV_RANDOM", (ulong)Abi.Advice.Random),
        ("MADV_SEQUENTIAL", (ulong)Abi.Advice.Sequential),
        ("MADV_WILLNEED", (ulong)Abi.Advice.WillNeed),
        ("MADV_DONTNEED", (ulong)Abi.Advice.DontNeed),
        ("MADV_FREE", (ulong)Abi.Advice.Free),
        ("MADV_REMOVE", (ulong)Abi.Advice.Remove),
        ("MADV_DONTFORK", (ulong)Abi.Advice.DontFork),
        ("MADV_DOFORK", (ulong)Abi.Advice.DoFork),
        ("MADV_MERGEABLE", (ulong)Abi.Advice.Mergeable),
        ("MADV_UNMERGEABLE", (ulong)Abi.Advice.Unmergeable),
        ("MADV_HUGEPAGE", (ulong)Abi.Advice.HugePage),
        ("MADV_NOHUGEPAGE", (ulong)Abi.Advice.NoHugePage),
        ("MADV_DONTDUMP", (ulong)Abi.Advice.DontDump),
        ("MADV_DODUMP", (ulong)Abi.Advice.DoDump),
        ("MADV_WIPEONFORK", (ulong)Abi.Advice.WipeOnFork),
        ("MADV_KEEPONFORK", (ulong)Abi.Advice.KeepOnFork),
        ("MADV_COLD", (ulong)Abi.Advice.Cold),
        ("MADV_PAGEOUT", (ulong)Abi.Advice.PageOut),
        ("MADV_POPULATE_READ", (ulong)Abi.Advice.PopulateRead),
        ("MADV_POPULATE_WRITE", (ulong)Abi.Advice.PopulateWrite),
        ("MADV_DONTNEED_LOCKED", (ulong)Abi.Advice.DontNeedLocked),
        ("MADV_COLLAPSE", (ulong)Abi.Advice.Collapse),
        ("MADV_HWPOISON", (ulong)Abi.Advice.HardwarePoison),
        ("MADV_SOFT_OFFLINE", (ulong)Abi.Advice.SoftOffline),
        ("MADV_GUARD_INSTALL", (ulong)Abi.Advice.GuardInstall),
        ("MADV_GUARD_REMOVE", (ulong)Abi.Advice.GuardRemove));

    internal static ValueNames Lock { get; } = new("MLOCK_", ("MLOCK_ONFAULT", (ulong)LockFlags.OnFault));

    internal static ValueNames LockAll { get; } = new("MCL_",
        ("MCL_CURRENT", (ulong)LockAllFlags.Current),
        ("MCL_FUTURE", (ulong)LockAllFlags.Future),
        ("MCL_ONFAULT", (ulong)LockAllFlags.OnFault));

    internal static ValueNames Sync { get; } = new("MS_",
        ("MS_SYNC", (ulong)SyncFlags.Sync),
        ("MS_ASYNC", (ulong)SyncFlags.Async),
        ("MS_INVALIDATE", (ulong)SyncFlags.Invalidate));

    internal static ValueNames Control { get; } = new("PR_",
        ("PR_SET_THP_DISABLE", (ulong)ControlOption.SetLargePagesDisabled),
        ("PR_GET_THP_DISABLE", (ulong)ControlOption.GetLargePagesDisabled),
        ("PR_SET_MDWE", (ulong)ControlOption.SetExecutionDenial),
        ("PR_GET_MDWE", (ulong)ControlOption.GetExecutionDenial));

    internal static ValueNames ExecutionDenial { get; } = new("PR_MDWE_")
    {
        AlsoRead = [("PR_MDWE_REFUSE_EXEC_GAIN", (ulong)Abi.ExecutionDenial.RefuseGain), ("PR_MDWE_NO_INHERIT", (ulong)Abi.ExecutionDenial.NoInherit)],
    };

    internal static ValueNames LargePageDisabling { get; } = new("PR_THP_") { AlsoRead = [("PR_THP_DISABLE_EXCEPT_ADVISED", (ulong)Abi.LargePageDisabling.ExceptAdvised)] };

    internal static ValueNames SegmentKey { get; } = new("IPC_", ("IPC_PRIVATE", 0));

    internal static ValueNames Segment { get; } = new("IPC_",
        ("IPC_CREAT", (ulong)SegmentFlags.Create),
        ("IPC_EXCL", (ulong)SegmentFlags.Exclusive),
        ("SHM_HUGETLB", (ulong)SegmentFlags.HugeTlb),
        ("SHM_NORESERVE", (ulong)SegmentFlags.NoReserve))
    {
        OctalMask = 0x1ff,
        ShiftedMask = HugeMask << HugeShift,
        ShiftName = "SHM_HUGE_SHIFT",
    };

    internal static ValueNames Attach { get; } = new("SHM_",
        ("SHM_RDONLY", (ulong)AttachFlags.ReadOnly),
        ("SHM_RND", (ulong)AttachFlags.RoundDown),
        ("SHM_REMAP", (ulong)AttachFlags.Replace),
        ("SHM_EXEC", (ulong)AttachFlags.Execute));

    internal static ValueNames SegmentCommand { get; } = new("SHM_",
        ("IPC_RMID", (ulong)Abi.SegmentCommand.Remove),
        ("IPC_SET", (ulong)Abi.SegmentCommand.Set),
        ("IPC_STAT", (ulong)Abi.SegmentCommand.Show),
        ("IPC_INFO", (ulong)Abi.SegmentCommand.ShowLimits),
        ("SHM_LOCK", (ulong)Abi.SegmentCommand.Lock),
        ("SHM_UNLOCK", (ulong)Abi.SegmentCommand.Unlock),
        ("SHM_STAT", (ulong)Abi.SegmentCommand.ShowIndex),
        ("SHM_INFO", (ulong)Abi.SegmentCommand.ShowUse),
        ("SHM_STAT_ANY", (ulong)Abi.SegmentCommand.ShowAny))
    {
        AlsoRead = [("IPC_64", 0)],
    };
}
