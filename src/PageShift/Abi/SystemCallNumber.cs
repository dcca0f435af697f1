namespace PageShift.Abi;

/// <summary>The numbers of system calls on x86-64: the memory calls, and those of files and processes that logs of them hold.
/// Source: <c>arch/x86/entry/syscalls/syscall_64.tbl</c> (values).</summary>
public enum SystemCallNumber : long
{
    /// <summary>close(fd).</summary>
    CloseFile = 3,

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

    /// <summary>shmget(key, size, flags).</summary>
    GetSegment = 29,

    /// <summary>shmat(id, addr, flags).</summary>
    AttachSegment = 30,

    /// <summary>shmctl(id, command, buffer).</summary>
    ControlSegment = 31,

    /// <summary>dup(fd).</summary>
    DuplicateFile = 32,

    /// <summary>execve(path, arguments, environment).</summary>
    Execute = 59,

    /// <summary>exit(status).</summary>
    Exit = 60,

    /// <summary>shmdt(addr).</summary>
    DetachSegment = 67,

    /// <summary>ftruncate(fd, length).</summary>
    Truncate = 77,

    /// <summary>setuid(user).</summary>
    SetUser = 105,

    /// <summary>geteuid().</summary>
    GetEffectiveUser = 107,

    /// <summary>setreuid(real, effective).</summary>
    SetUsers = 113,

    /// <summary>setresuid(real, effective, saved).</summary>
    SetAllUsers = 117,

    /// <summary>capget(header, data).</summary>
    GetCapabilities = 125,

    /// <summary>capset(header, data).</summary>
    SetCapabilities = 126,

    /// <summary>mlock(addr, length).</summary>
    Lock = 149,

    /// <summary>munlock(addr, length).</summary>
    Unlock = 150,

    /// <summary>mlockall(flags).</summary>
    LockAll = 151,

    /// <summary>munlockall().</summary>
    UnlockAll = 152,

    /// <summary>prctl(option, ...).</summary>
    ControlProcess = 157,

    /// <summary>setrlimit(resource, limits).</summary>
    SetLimit = 160,

    /// <summary>remap_file_pages(addr, size, prot, pgoff, flags).</summary>
    RemapFilePages = 216,

    /// <summary>exit_group(status).</summary>
    ExitGroup = 231,

    /// <summary>openat(directory, path, flags, mode).</summary>
    OpenFile = 257,

    /// <summary>unshare(flags).</summary>
    Unshare = 272,

    /// <summary>mlock2(addr, length, flags).</summary>
    Lock2 = 325,

    /// <summary>pkey_mprotect(addr, length, prot, pkey).</summary>
    ProtectWithKey = 329,

    /// <summary>clone3(arguments, size).</summary>
    Clone = 435,

    /// <summary>mseal(addr, length, flags).</summary>
    Seal = 462,
}
