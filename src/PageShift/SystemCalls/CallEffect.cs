namespace PageShift.SystemCalls;

/// <summary>What a memory call does with mappings.</summary>
internal enum CallEffect
{
    /// <summary>It leaves them as they are.</summary>
    None,

    /// <summary>It makes one, or lengthens one: mmap, brk.</summary>
    Adds,

    /// <summary>It takes some away: munmap.</summary>
    Removes,

    /// <summary>It moves or resizes one: mremap.</summary>
    Moves,

    /// <summary>It changes what may be done with some: mprotect, pkey_mprotect.</summary>
    Protects,

    /// <summary>It locks or unlocks some: mlock and its kin.</summary>
    Locks,

    /// <summary>It changes something else about them, or about what they show: madvise, mseal.</summary>
    Changes,

    /// <summary>It changes something that can't be seen from outside, and that decides what merges: names and memory policies.</summary>
    Hides,
}
