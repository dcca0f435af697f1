namespace PageShift.Abi;

/// <summary>The CLONE_ bits that decide what a new thread shares, with the kernel's values; other bits may be set, too.
/// Source: <c>include/uapi/linux/sched.h</c> (values).</summary>
[Flags]
internal enum CloneFlags : ulong
{
    /// <summary>Nothing is shared: a fork.</summary>
    None = 0,

    /// <summary>CLONE_VM: the child runs in the parent's address space. Without it the child gets a copy.</summary>
    SharedMemory = 0x100,

    /// <summary>CLONE_FILES: the child shares the table of file descriptors. Without it the child gets a copy.</summary>
    SharedFiles = 0x400,

    /// <summary>CLONE_VFORK: the parent sleeps until the child executes a program or ends.</summary>
    VFork = 0x4000,

    /// <summary>CLONE_THREAD: the child belongs to the parent's process.</summary>
    Thread = 0x10000,

    /// <summary>CLONE_UNTRACED: a tracer of the parent does not get the child.</summary>
    Untraced = 0x800000,

    /// <summary>CLONE_NEWUSER: the child is in a user namespace of its own.</summary>
    NewUsers = 0x10000000,
}
