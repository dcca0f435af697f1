namespace PageShift.Abi;

/// <summary>The MREMAP_ bits, with the kernel's values.</summary>
[Flags]
public enum RemapFlags : uint
{
    /// <summary>In place only.</summary>
    None = 0,

    /// <summary>MREMAP_MAYMOVE: the mapping may move when it cannot grow in place.</summary>
    MayMove = 1,

    /// <summary>MREMAP_FIXED: move to the given address.</summary>
    Fixed = 2,

    /// <summary>MREMAP_DONTUNMAP: leave the old mapping in place, without its pages.</summary>
    DontUnmap = 4,
}
