namespace PageShift.Abi;

/// <summary>The MAP_ bits of mmap, with the kernel's values for x86-64.</summary>
[Flags]
public enum MapFlags : uint
{
    /// <summary>No flag; mmap refuses a call without a type.</summary>
    None = 0,

    /// <summary>MAP_SHARED: writes reach the object.</summary>
    Shared = 0x01,

    /// <summary>MAP_PRIVATE: writes are copied.</summary>
    Private = 0x02,

    /// <summary>MAP_SHARED_VALIDATE: like MAP_SHARED, unknown flags are refused.</summary>
    SharedValidate = 0x03,

    /// <summary>MAP_DROPPABLE: pages may vanish under pressure.</summary>
    Droppable = 0x08,

    /// <summary>The bits that hold the type.</summary>
    TypeMask = 0x0f,

    /// <summary>MAP_FIXED: exactly here, replacing what is there.</summary>
    Fixed = 0x10,

    /// <summary>MAP_ANONYMOUS: no file.</summary>
    Anonymous = 0x20,

    /// <summary>MAP_32BIT: below 2 GiB.</summary>
    Below2GiB = 0x40,

    /// <summary>MAP_GROWSDOWN: a stack, extends downwards by faults.</summary>
    GrowsDown = 0x0100,

    /// <summary>MAP_DENYWRITE: ignored.</summary>
    DenyWrite = 0x0800,

    /// <summary>MAP_EXECUTABLE: ignored.</summary>
    Executable = 0x1000,

    /// <summary>MAP_LOCKED: as by mlock.</summary>
    Locked = 0x2000,

    /// <summary>MAP_NORESERVE: not accounted against the commit limit.</summary>
    NoReserve = 0x4000,

    /// <summary>MAP_POPULATE: fault the pages in.</summary>
    Populate = 0x8000,

    /// <summary>MAP_NONBLOCK: with MAP_POPULATE, do nothing.</summary>
    NonBlock = 0x10000,

    /// <summary>MAP_STACK: hint, keeps large pages away.</summary>
    Stack = 0x20000,

    /// <summary>MAP_HUGETLB: from the pool of large pages.</summary>
    HugeTlb = 0x40000,

    /// <summary>MAP_SYNC: for persistent memory.</summary>
    Sync = 0x80000,

    /// <summary>MAP_FIXED_NOREPLACE: exactly here, or EEXIST.</summary>
    FixedNoReplace = 0x100000,

    /// <summary>MAP_UNINITIALIZED: ignored on machines with an MMU.</summary>
    Uninitialized = 0x4000000,
}
