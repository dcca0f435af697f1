using PageShift.AddressSpaces;

namespace PageShift.Abi;

/// <summary>The flags of a mapping that decide what may be done with it and what it merges with.
/// Each is one of the two-letter codes of the VmFlags line in /proc/PID/smaps; the bit positions are our own.</summary>
[Flags]
internal enum VmFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>rd: may be read now.</summary>
    Read = 1 << 0,

    /// <summary>wr: may be written now.</summary>
    Write = 1 << 1,

    /// <summary>ex: may be executed now.</summary>
    Execute = 1 << 2,

    /// <summary>sh: writes reach the object.</summary>
    Shared = 1 << 3,

    /// <summary>mr: mprotect may allow reading.</summary>
    MayRead = 1 << 4,

    /// <summary>mw: mprotect may allow writing.</summary>
    MayWrite = 1 << 5,

    /// <summary>me: mprotect may allow execution.</summary>
    MayExecute = 1 << 6,

    /// <summary>ms: may be shared: an object opened for writing, mapped shared.</summary>
    MayShare = 1 << 7,

    /// <summary>gd: a stack; faults below it extend it.</summary>
    GrowsDown = 1 << 8,

    /// <summary>lo: pages are locked in memory.</summary>
    Locked = 1 << 9,

    /// <summary>lf: pages are locked when they are faulted in.</summary>
    LockOnFault = 1 << 10,

    /// <summary>ac: counted against the commit limit.</summary>
    Account = 1 << 11,

    /// <summary>nr: not counted against the commit limit.</summary>
    NoReserve = 1 << 12,

    /// <summary>de: must not grow by mremap (a special mapping of the kernel's).</summary>
    DontExpand = 1 << 13,

    /// <summary>dc: a child of fork does not get it.</summary>
    DontCopy = 1 << 14,

    /// <summary>dd: left out of core dumps.</summary>
    DontDump = 1 << 15,

    /// <summary>wf: a child of fork sees zeroes.</summary>
    WipeOnFork = 1 << 16,

    /// <summary>hg: back with large pages.</summary>
    HugePage = 1 << 17,

    /// <summary>nh: never back with large pages.</summary>
    NoHugePage = 1 << 18,

    /// <summary>mg: offered to KSM.</summary>
    Mergeable = 1 << 19,

    /// <summary>sr: will be read in order.</summary>
    SequentialRead = 1 << 20,

    /// <summary>rr: will be read at random.</summary>
    RandomRead = 1 << 21,

    /// <summary>sf: synchronous page faults.</summary>
    Sync = 1 << 22,

    /// <summary>dp: pages may vanish under pressure.</summary>
    Droppable = 1 << 23,

    /// <summary>sl: sealed against change.</summary>
    Sealed = 1 << 24,

    /// <summary>gu: may hold guard pages; sticky, and no obstacle to merging.</summary>
    MayHaveGuards = 1 << 25,

    /// <summary>May only be executed: the process's key for such memory, which smaps shows as its ProtectionKey and not by a code. See <see cref="AddressSpaceOptions.ProtectionKeys"/>.</summary>
    ExecuteOnly = 1 << 26,

    /// <summary>A mapping of the kernel's own ([vdso], [vvar]), which can't be split. No code; its name tells.</summary>
    Special = 1 << 27,

    /// <summary>pf: shows page frames that are nobody's pages ([vvar], devices).</summary>
    PageFrames = 1 << 28,

    /// <summary>ht: pages of hugetlbfs.</summary>
    HugeTlb = 1 << 29,

    /// <summary>um, uw or ui: another thread is asked what its pages hold (userfaultfd).</summary>
    UserFault = 1 << 30,

    /// <summary>The bits that mprotect changes.</summary>
    AccessMask = Read | Write | Execute,
}
