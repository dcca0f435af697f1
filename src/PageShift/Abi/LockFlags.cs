namespace PageShift.Abi;

/// <summary>The MLOCK_ bits of mlock2, with the kernel's values.</summary>
[Flags]
public enum LockFlags : uint
{
    /// <summary>Lock and populate.</summary>
    None = 0,

    /// <summary>MLOCK_ONFAULT: lock pages as they are faulted in.</summary>
    OnFault = 1,
}

/// <summary>The MCL_ bits of mlockall, with the kernel's values.</summary>
[Flags]
public enum LockAllFlags : uint
{
    /// <summary>Nothing; mlockall refuses it.</summary>
    None = 0,

    /// <summary>MCL_CURRENT: what is mapped now.</summary>
    Current = 1,

    /// <summary>MCL_FUTURE: what will be mapped.</summary>
    Future = 2,

    /// <summary>MCL_ONFAULT: lock pages as they are faulted in.</summary>
    OnFault = 4,
}

/// <summary>The MS_ bits of msync, with the kernel's values.</summary>
[Flags]
public enum SyncFlags : uint
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>MS_ASYNC.</summary>
    Async = 1,

    /// <summary>MS_INVALIDATE.</summary>
    Invalidate = 2,

    /// <summary>MS_SYNC.</summary>
    Sync = 4,
}
