using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>What a call does, as far as an address space is concerned.</summary>
public enum CallKind : byte
{
    /// <summary>A name that is no system call of x86-64 known here. Its effect is not known.</summary>
    Unknown,

    /// <summary>A known system call that leaves mappings alone.</summary>
    Other,

    /// <summary>A known system call that changes mappings in a way that is not modelled: shmat, shmdt, remap_file_pages,
    /// io_setup, io_destroy, map_shadow_stack, process_madvise, the mmap of 32-bit programs (mmap2, old_mmap),
    /// and a clone3 whose flags the log does not show.</summary>
    Unsupported,

    /// <summary>mmap(addr, length, prot, flags, fd, offset).</summary>
    Map,

    /// <summary>munmap(addr, length).</summary>
    Unmap,

    /// <summary>mremap(old, old_length, new_length, flags, new).</summary>
    Remap,

    /// <summary>mprotect(addr, length, prot).</summary>
    Protect,

    /// <summary>pkey_mprotect(addr, length, prot, pkey).</summary>
    ProtectWithKey,

    /// <summary>madvise(addr, length, advice).</summary>
    Advise,

    /// <summary>brk(addr).</summary>
    Break,

    /// <summary>mincore(addr, length, vector). A log shows the vector's content in place of its address, which is then 0 here.</summary>
    InCore,

    /// <summary>mlock(addr, length).</summary>
    Lock,

    /// <summary>mlock2(addr, length, flags).</summary>
    Lock2,

    /// <summary>munlock(addr, length).</summary>
    Unlock,

    /// <summary>mlockall(flags).</summary>
    LockAll,

    /// <summary>munlockall().</summary>
    UnlockAll,

    /// <summary>msync(addr, length, flags).</summary>
    Sync,

    /// <summary>mseal(addr, length, flags).</summary>
    Seal,

    /// <summary>fork, vfork, clone or clone3. Arguments: the <see cref="CloneFlags"/>, the exit signal.
    /// The value of the outcome is the new thread's id.</summary>
    Clone,

    /// <summary>execve or execveat: on success the process starts over in an empty address space.</summary>
    Execute,

    /// <summary>exit: the thread ends. Argument: the status.</summary>
    Exit,

    /// <summary>exit_group: the process ends with all of its threads. Argument: the status.</summary>
    ExitGroup,

    /// <summary>open, openat, openat2, creat or memfd_create. Argument: the O_ flags (O_RDWR for a memfd).
    /// The value of the outcome is the file descriptor.</summary>
    OpenFile,

    /// <summary>close or close_range. Arguments: the first and the last file descriptor that is closed.</summary>
    CloseFile,

    /// <summary>dup, dup2, dup3, or fcntl with F_DUPFD or F_DUPFD_CLOEXEC. Argument: the old file descriptor.
    /// The value of the outcome is the new one.</summary>
    DuplicateFile,

    /// <summary>memset(addr, byte, length), a pseudo-call: the program writes to memory.</summary>
    MemorySet,

    /// <summary>memread(addr, length), a pseudo-call: the program reads memory.</summary>
    MemoryRead,

    /// <summary>ftruncate(fd, length).</summary>
    Truncate,

    /// <summary>setrlimit, or prlimit64 that sets a limit of the caller. Arguments: the kernel's number of the resource, the soft limit in bytes.</summary>
    SetLimit,

    /// <summary>present(addr, length, span), a pseudo-call: these pages are present, however they came there. A span of 2 MiB means entries of that size; without it they are of 4 KiB.</summary>
    Present,

    /// <summary>absent(), a pseudo-call: no page is present; from here on, for this process and its children, the log says which are.</summary>
    Absent,

    /// <summary>anon_vma(addr), a pseudo-call: the mapping there has got private pages, which decides what it merges with.</summary>
    AnonVma,

    /// <summary>relocate_vma_down(addr, length, shift), a pseudo-call: execve moves the new stack down by shift bytes.</summary>
    RelocateDown,
}
