using PageShift.SystemCalls;

namespace PageShift.Calls.Names;

/// <summary>The flags of calls on files and processes, in the order in which strace 6.1 writes them (recorded). Sources of values: the kernel's <c>include/uapi</c>.</summary>
internal static class ProcessFlagNames
{
    /// <summary>O_RDWR.</summary>
    public const ulong OpenReadWrite = 2;

    /// <summary>CLOSE_RANGE_CLOEXEC: close_range closes nothing now.</summary>
    public const ulong CloseRangeOnExecute = 4;

    private const ulong OpenModeMask = 3;

    /// <summary>The O_ flags; the access mode in the low two bits is one value.</summary>
    public static readonly FlagSet Open = new(new ValueNames("O_",
    [
        ("O_CREAT", 0x40), ("O_EXCL", 0x80), ("O_NOCTTY", 0x100), ("O_TRUNC", 0x200), ("O_APPEND", 0x400), ("O_NONBLOCK", 0x800),
        ("O_SYNC", 0x101000), ("O_DSYNC", 0x1000), ("FASYNC", 0x2000), ("O_DIRECT", 0x4000), ("O_LARGEFILE", 0x8000),
        ("O_TMPFILE", 0x410000), ("O_DIRECTORY", 0x10000), ("O_NOFOLLOW", 0x20000), ("O_NOATIME", 0x40000),
        ("O_CLOEXEC", 0x80000), ("__O_SYNC", 0x100000), ("O_PATH", 0x200000), ("__O_TMPFILE", 0x400000)])
    {
        TypeMask = OpenModeMask,
        Types = [("O_RDONLY", 0), ("O_WRONLY", 1), ("O_RDWR", OpenReadWrite), ("O_ACCMODE", OpenModeMask)],
    });

    /// <summary>The resources of setrlimit.</summary>
    public static readonly FlagSet Resource = new(new ValueNames("RLIMIT_",
    [
        ("RLIMIT_CPU", 0), ("RLIMIT_FSIZE", 1), ("RLIMIT_DATA", 2), ("RLIMIT_STACK", 3), ("RLIMIT_CORE", 4), ("RLIMIT_RSS", 5),
        ("RLIMIT_NPROC", 6), ("RLIMIT_NOFILE", 7), ("RLIMIT_MEMLOCK", 8), ("RLIMIT_AS", 9), ("RLIMIT_LOCKS", 10),
        ("RLIMIT_SIGPENDING", 11), ("RLIMIT_MSGQUEUE", 12), ("RLIMIT_NICE", 13), ("RLIMIT_RTPRIO", 14), ("RLIMIT_RTTIME", 15)]));

    /// <summary>A limit's value, where it is not a number.</summary>
    public static readonly SymbolTable Limit = new([("RLIM64_INFINITY", ulong.MaxValue), ("RLIM_INFINITY", ulong.MaxValue)]);

    /// <summary>PR_SET_SECUREBITS, an option of prctl.</summary>
    public const ulong SetSecureBits = 28;

    /// <summary>The options of prctl that are of interest.</summary>
    public static readonly SymbolTable Control = new([.. FlagNames.Control.Names, ("PR_SET_SECUREBITS", SetSecureBits)]);

    private const string CapabilityNames =
        "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE "
        + "SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN "
        + "SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

    /// <summary>The numbers of the capabilities, by their names. Source: <c>include/uapi/linux/capability.h</c> (names and numbers).</summary>
    public static readonly SymbolTable Capability = new([.. CapabilityNames.Split(' ').Select((name, number) => ($"CAP_{name}", (ulong)number))]);

    /// <summary>The flags of clone and unshare.</summary>
    public static readonly ValueNames CloneFlags = new("CLONE_",
    [
        ("CLONE_VM", 0x100), ("CLONE_FS", 0x200), ("CLONE_FILES", 0x400), ("CLONE_SIGHAND", 0x800), ("CLONE_PIDFD", 0x1000),
        ("CLONE_PTRACE", 0x2000), ("CLONE_VFORK", 0x4000), ("CLONE_PARENT", 0x8000), ("CLONE_THREAD", 0x10000),
        ("CLONE_NEWNS", 0x20000), ("CLONE_SYSVSEM", 0x40000), ("CLONE_SETTLS", 0x80000), ("CLONE_PARENT_SETTID", 0x100000),
        ("CLONE_CHILD_CLEARTID", 0x200000), ("CLONE_DETACHED", 0x400000), ("CLONE_UNTRACED", 0x800000),
        ("CLONE_CHILD_SETTID", 0x1000000), ("CLONE_NEWCGROUP", 0x2000000), ("CLONE_NEWUTS", 0x4000000),
        ("CLONE_NEWIPC", 0x8000000), ("CLONE_NEWUSER", 0x10000000), ("CLONE_NEWPID", 0x20000000), ("CLONE_NEWNET", 0x40000000),
        ("CLONE_IO", 0x80000000), ("CLONE_CLEAR_SIGHAND", 0x100000000), ("CLONE_INTO_CGROUP", 0x200000000), ("CLONE_NEWTIME", 0x80)])
    {
        AlsoRead = SignalNames.All,
    };

    public static readonly FlagSet Clone = new(CloneFlags);

    public static readonly FlagSet CloseRange = new(new ValueNames("CLOSE_RANGE_", ("CLOSE_RANGE_UNSHARE", 2), ("CLOSE_RANGE_CLOEXEC", CloseRangeOnExecute)));
}
