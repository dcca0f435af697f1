namespace PageShift.Abi;

/// <summary>The numbers of the memory system calls on x86-64.
/// Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c> (values).</summary>
public enum SystemCallNumber : long
{
    /// <summary>mmap(addr, length, prot, flags, fd, offset).</summary>
    Map = 9,

    /// <summary>mprotect(addr, length, prot).</summary>
    Protect = 10,

    /// <summary>munmap(addr, length).</summary>
    Unmap = 11,

    /// <summary>brk(addr).</summary>
    Break = 12,

    /// <summary>mremap(old, old_length, new_length, flags, new).</summary>
    Remap = 25,

    /// <summary>msync(addr, length, flags).</summary>
    Sync = 26,

    /// <summary>mincore(addr, length, vector).</summary>
    InCore = 27,

    /// <summary>madvise(addr, length, advice).</summary>
    Advise = 28,

    /// <summary>mlock(addr, length).</summary>
    Lock = 149,

    /// <summary>munlock(addr, length).</summary>
    Unlock = 150,

    /// <summary>mlockall(flags).</summary>
    LockAll = 151,

    /// <summary>munlockall().</summary>
    UnlockAll = 152,

    /// <summary>mlock2(addr, length, flags).</summary>
    Lock2 = 325,

    /// <summary>pkey_mprotect(addr, length, prot, pkey).</summary>
    ProtectWithKey = 329,

    /// <summary>mseal(addr, length, flags).</summary>
    Seal = 462,
}
