using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>The flags that strace writes by name, in the order in which strace 6.1 writes them (recorded).
/// Sources of values without a type in <c>PageShift.Abi</c>: the kernel's <c>include/uapi</c>.</summary>
internal static class FlagNames
{
    /// <summary>The bit position of the logarithm of the page size in mmap's flags.</summary>
    public const int HugeShift = 26;

    /// <summary>The bits of that logarithm, shifted down.</summary>
    public const ulong HugeMask = 0x3f;

    public static readonly FlagSet Protection = new("PROT_",
    [
        ("PROT_NONE", (ulong)Abi.Protection.None),
        ("PROT_READ", (ulong)Abi.Protection.Read),
        ("PROT_WRITE", (ulong)Abi.Protection.Write),
        ("PROT_EXEC", (ulong)Abi.Protection.Execute),
        ("PROT_SEM", (ulong)Abi.Protection.Semaphore),
        ("PROT_GROWSDOWN", (ulong)Abi.Protection.GrowsDown),
        ("PROT_GROWSUP", (ulong)Abi.Protection.GrowsUp),
    ]);

    /// <summary>The type in the low four bits, which is one value.</summary>
    public static readonly FlagSet MapType = new("MAP_",
    [
        ("MAP_FILE", 0),
        ("MAP_SHARED", (ulong)MapFlags.Shared),
        ("MAP_PRIVATE", (ulong)MapFlags.Private),
        ("MAP_SHARED_VALIDATE", (ulong)MapFlags.SharedValidate),
    ]);

    /// <summary>The bits above the type. The reader takes the types here, too.</summary>
    public static readonly FlagSet Map = new("MAP_",
    [
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
        ("MAP_FIXED_NOREPLACE", (ulong)MapFlags.FixedNoReplace),
    ],
    [
        ("MAP_FILE", 0),
        ("MAP_SHARED", (ulong)MapFlags.Shared),
        ("MAP_PRIVATE", (ulong)MapFlags.Private),
        ("MAP_SHARED_VALIDATE", (ulong)MapFlags.SharedValidate),
        ("MAP_DROPPABLE", (ulong)MapFlags.Droppable),
        ("MAP_ANON", (ulong)MapFlags.Anonymous),
        ("MAP_UNINITIALIZED", (ulong)MapFlags.Uninitialized),
        ("MAP_HUGE_SHIFT", HugeShift),
        ("MAP_HUGE_2MB", 21UL << HugeShift),
        ("MAP_HUGE_1GB", 30UL << HugeShift),
    ]);

    public static readonly FlagSet Remap = new("MREMAP_",
    [
        ("MREMAP_MAYMOVE", (ulong)RemapFlags.MayMove),
        ("MREMAP_FIXED", (ulong)RemapFlags.Fixed),
        ("MREMAP_DONTUNMAP", (ulong)RemapFlags.DontUnmap),
    ]);

    /// <summary>strace 6.1 does not know the two GUARD values; later ones write them by name.</summary>
    public static readonly FlagSet Advice = new("MADV_",
    [
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
        ("MADV_GUARD_REMOVE", (ulong)Abi.Advice.GuardRemove),
    ]);

    public static readonly FlagSet Lock = new("MLOCK_", [("MLOCK_ONFAULT", (ulong)LockFlags.OnFault)]);

    public static readonly FlagSet LockAll = new("MCL_",
    [
        ("MCL_CURRENT", (ulong)LockAllFlags.Current),
        ("MCL_FUTURE", (ulong)LockAllFlags.Future),
        ("MCL_ONFAULT", (ulong)LockAllFlags.OnFault),
    ]);

    public static readonly FlagSet Sync = new("MS_",
    [
        ("MS_SYNC", (ulong)SyncFlags.Sync),
        ("MS_ASYNC", (ulong)SyncFlags.Async),
        ("MS_INVALIDATE", (ulong)SyncFlags.Invalidate),
    ]);

    /// <summary>The access mode in the low two bits of the O_ flags, which is one value.</summary>
    public static readonly FlagSet OpenMode = new("O_",
        [("O_RDONLY", 0), ("O_WRONLY", 1), ("O_RDWR", OpenReadWrite), ("O_ACCMODE", OpenModeMask)]);

    /// <summary>The O_ flags above the access mode. The reader takes the modes here, too.</summary>
    public static readonly FlagSet Open = new("O_",
    [
        ("O_CREAT", 0x40), ("O_EXCL", 0x80), ("O_NOCTTY", 0x100), ("O_TRUNC", 0x200), ("O_APPEND", 0x400), ("O_NONBLOCK", 0x800),
        ("O_SYNC", 0x101000), ("O_DSYNC", 0x1000), ("FASYNC", 0x2000), ("O_DIRECT", 0x4000), ("O_LARGEFILE", 0x8000),
        ("O_TMPFILE", 0x410000), ("O_DIRECTORY", 0x10000), ("O_NOFOLLOW", 0x20000), ("O_NOATIME", 0x40000),
        ("O_CLOEXEC", 0x80000), ("__O_SYNC", 0x100000), ("O_PATH", 0x200000), ("__O_TMPFILE", 0x400000),
    ],
        [("O_RDONLY", 0), ("O_WRONLY", 1), ("O_RDWR", OpenReadWrite), ("O_ACCMODE", OpenModeMask)]);

    /// <summary>The resources of setrlimit.</summary>
    public static readonly FlagSet Resource = new("RLIMIT_",
    [
        ("RLIMIT_CPU", 0), ("RLIMIT_FSIZE", 1), ("RLIMIT_DATA", 2), ("RLIMIT_STACK", 3), ("RLIMIT_CORE", 4), ("RLIMIT_RSS", 5),
        ("RLIMIT_NPROC", 6), ("RLIMIT_NOFILE", 7), ("RLIMIT_MEMLOCK", 8), ("RLIMIT_AS", 9), ("RLIMIT_LOCKS", 10),
        ("RLIMIT_SIGPENDING", 11), ("RLIMIT_MSGQUEUE", 12), ("RLIMIT_NICE", 13), ("RLIMIT_RTPRIO", 14), ("RLIMIT_RTTIME", 15),
    ]);

    /// <summary>A limit's value, where it is not a number.</summary>
    public static readonly SymbolTable Limit = new([("RLIM64_INFINITY", ulong.MaxValue), ("RLIM_INFINITY", ulong.MaxValue)]);

    /// <summary>O_RDWR.</summary>
    public const ulong OpenReadWrite = 2;

    /// <summary>The bits of the access mode.</summary>
    public const ulong OpenModeMask = 3;

    public static readonly FlagSet Clone = new("CLONE_",
    [
        ("CLONE_VM", 0x100), ("CLONE_FS", 0x200), ("CLONE_FILES", 0x400), ("CLONE_SIGHAND", 0x800), ("CLONE_PIDFD", 0x1000),
        ("CLONE_PTRACE", 0x2000), ("CLONE_VFORK", 0x4000), ("CLONE_PARENT", 0x8000), ("CLONE_THREAD", 0x10000),
        ("CLONE_NEWNS", 0x20000), ("CLONE_SYSVSEM", 0x40000), ("CLONE_SETTLS", 0x80000), ("CLONE_PARENT_SETTID", 0x100000),
        ("CLONE_CHILD_CLEARTID", 0x200000), ("CLONE_DETACHED", 0x400000), ("CLONE_UNTRACED", 0x800000),
        ("CLONE_CHILD_SETTID", 0x1000000), ("CLONE_NEWCGROUP", 0x2000000), ("CLONE_NEWUTS", 0x4000000),
        ("CLONE_NEWIPC", 0x8000000), ("CLONE_NEWUSER", 0x10000000), ("CLONE_NEWPID", 0x20000000), ("CLONE_NEWNET", 0x40000000),
        ("CLONE_IO", 0x80000000), ("CLONE_CLEAR_SIGHAND", 0x100000000), ("CLONE_INTO_CGROUP", 0x200000000), ("CLONE_NEWTIME", 0x80),
    ],
        SignalNames.All);

    public static readonly FlagSet CloseRange = new("CLOSE_RANGE_",
        [("CLOSE_RANGE_UNSHARE", 2), ("CLOSE_RANGE_CLOEXEC", CloseRangeOnExecute)]);

    /// <summary>CLOSE_RANGE_CLOEXEC: close_range closes nothing now.</summary>
    public const ulong CloseRangeOnExecute = 4;
}
