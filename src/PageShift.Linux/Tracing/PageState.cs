namespace PageShift.Linux.Tracing;

/// <summary>What a page-table entry of a process holds, as /proc/PID/pagemap tells.</summary>
[Flags]
public enum PageState
{
    /// <summary>Nothing: no entry, or an empty one.</summary>
    None = 0,

    /// <summary>A page in memory, also where the mapping forbids all access.</summary>
    Present = 1,

    /// <summary>A page on the swap device, or one that is being moved.</summary>
    Swapped = 2,

    /// <summary>The page belongs to a file or to shared memory.</summary>
    FileOrShared = 4,

    /// <summary>A guard marker (6.13 and later): every access fails.</summary>
    Guard = 8,

    /// <summary>The page is part of a large entry (2 MiB or more). Reported from 6.7 on.</summary>
    Large = 16,

    /// <summary>The page is the common page of zeroes. Reported from 6.7 on.</summary>
    ZeroPage = 32,
}
