namespace PageShift.Abi;

/// <summary>How shmat is to attach, with the kernel's values.</summary>
[Flags]
internal enum AttachFlags : ulong
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>SHM_RDONLY: for reading only.</summary>
    ReadOnly = 0x1000,

    /// <summary>SHM_RND: round the address down.</summary>
    RoundDown = 0x2000,

    /// <summary>SHM_REMAP: replace what is there.</summary>
    Replace = 0x4000,

    /// <summary>SHM_EXEC: executable.</summary>
    Execute = 0x8000,
}
