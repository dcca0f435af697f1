namespace PageShift.Abi;

/// <summary>The PROT_ bits of mmap and mprotect, with the kernel's values.</summary>
[Flags]
public enum Protection : uint
{
    /// <summary>PROT_NONE: no access.</summary>
    None = 0,

    /// <summary>PROT_READ: pages may be read.</summary>
    Read = 1,

    /// <summary>PROT_WRITE: pages may be written.</summary>
    Write = 2,

    /// <summary>PROT_EXEC: pages may be executed.</summary>
    Execute = 4,

    /// <summary>PROT_SEM: accepted and without effect.</summary>
    Semaphore = 8,

    /// <summary>PROT_GROWSDOWN: mprotect extends the change down to the mapping's start.</summary>
    GrowsDown = 0x01000000,

    /// <summary>PROT_GROWSUP: has no mapping to act on on x86-64.</summary>
    GrowsUp = 0x02000000,
}
