namespace PageShift.Abi;

/// <summary>The MADV_ values of madvise, with the kernel's numbers.</summary>
public enum Advice
{
    /// <summary>MADV_NORMAL.</summary>
    Normal = 0,

    /// <summary>MADV_RANDOM.</summary>
    Random = 1,

    /// <summary>MADV_SEQUENTIAL.</summary>
    Sequential = 2,

    /// <summary>MADV_WILLNEED.</summary>
    WillNeed = 3,

    /// <summary>MADV_DONTNEED: drop the pages.</summary>
    DontNeed = 4,

    /// <summary>MADV_FREE: the pages may be dropped.</summary>
    Free = 8,

    /// <summary>MADV_REMOVE: punch a hole in the object.</summary>
    Remove = 9,

    /// <summary>MADV_DONTFORK: a child does not get the mapping.</summary>
    DontFork = 10,

    /// <summary>MADV_DOFORK: undoes DONTFORK.</summary>
    DoFork = 11,

    /// <summary>MADV_MERGEABLE: offer to KSM.</summary>
    Mergeable = 12,

    /// <summary>MADV_UNMERGEABLE: undoes MERGEABLE.</summary>
    Unmergeable = 13,

    /// <summary>MADV_HUGEPAGE: back with 2 MiB pages.</summary>
    HugePage = 14,

    /// <summary>MADV_NOHUGEPAGE: never back with 2 MiB pages.</summary>
    NoHugePage = 15,

    /// <summary>MADV_DONTDUMP: leave out of core dumps.</summary>
    DontDump = 16,

    /// <summary>MADV_DODUMP: undoes DONTDUMP.</summary>
    DoDump = 17,

    /// <summary>MADV_WIPEONFORK: a child sees zeroes.</summary>
    WipeOnFork = 18,

    /// <summary>MADV_KEEPONFORK: undoes WIPEONFORK.</summary>
    KeepOnFork = 19,

    /// <summary>MADV_COLD: deactivate.</summary>
    Cold = 20,

    /// <summary>MADV_PAGEOUT: reclaim.</summary>
    PageOut = 21,

    /// <summary>MADV_POPULATE_READ: fault in for reading.</summary>
    PopulateRead = 22,

    /// <summary>MADV_POPULATE_WRITE: fault in for writing.</summary>
    PopulateWrite = 23,

    /// <summary>MADV_DONTNEED_LOCKED: like DONTNEED, also for locked memory.</summary>
    DontNeedLocked = 24,

    /// <summary>MADV_COLLAPSE: collapse to a large page now.</summary>
    Collapse = 25,

    /// <summary>MADV_HWPOISON.</summary>
    HardwarePoison = 100,

    /// <summary>MADV_SOFT_OFFLINE.</summary>
    SoftOffline = 101,

    /// <summary>MADV_GUARD_INSTALL: make the pages fatal to touch.</summary>
    GuardInstall = 102,

    /// <summary>MADV_GUARD_REMOVE: undoes GUARD_INSTALL.</summary>
    GuardRemove = 103,
}
