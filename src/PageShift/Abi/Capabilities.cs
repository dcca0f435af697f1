namespace PageShift.Abi;

/// <summary>The capabilities that decide how memory calls end, with the kernel's bits. Source: <c>include/uapi/linux/capability.h</c> (values).</summary>
[Flags]
internal enum Capabilities : ulong
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>CAP_IPC_LOCK: RLIMIT_MEMLOCK does not bind.</summary>
    LockMemory = 1UL << 14,

    /// <summary>CAP_IPC_OWNER: the modes of System V shared memory do not bind.</summary>
    OwnSegments = 1UL << 15,

    /// <summary>CAP_SYS_RAWIO: pages below vm.mmap_min_addr may be mapped.</summary>
    MapLowPages = 1UL << 17,

    /// <summary>All of them.</summary>
    All = LockMemory | OwnSegments | MapLowPages,
}
