namespace PageShift.Abi;

/// <summary>What shmget is to do, with the kernel's values. The lowest nine bits are the permissions.</summary>
[Flags]
internal enum SegmentFlags : ulong
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>0600: the owner may read and write.</summary>
    OwnerMayAll = 0x180,

    /// <summary>IPC_CREAT: make a segment where the key has none.</summary>
    Create = 0x200,

    /// <summary>IPC_EXCL: with <see cref="Create"/>, fail where it has one.</summary>
    Exclusive = 0x400,

    /// <summary>SHM_HUGETLB: of large pages.</summary>
    HugeTlb = 0x800,

    /// <summary>SHM_NORESERVE: do not check whether there is so much memory.</summary>
    NoReserve = 0x1000,
}
