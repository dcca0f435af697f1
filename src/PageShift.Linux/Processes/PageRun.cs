using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <summary>What the kernel tells of an occupied page-table entry.</summary>
[Flags]
public enum PageKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The page is in memory and mapped, also under PROT_NONE.</summary>
    Present = 1,

    /// <summary>The entry is occupied but not present: the page is swapped out, or it is a guard page.</summary>
    Swapped = 2,

    /// <summary>A page of a file or of shared anonymous memory.</summary>
    FileOrShared = 4,

    /// <summary>The page of zeroes that read faults of anonymous memory share. Told only where it is asked for, and not of the large one.</summary>
    Zero = 8,

    /// <summary>A guard page (6.13 and later): every access fails. Such a page is <see cref="Swapped"/> too. Told only where it is asked for.</summary>
    Guard = 16,

    /// <summary>Part of a large entry, of 2 MiB or more. Told only where it is asked for, from 6.7 on.</summary>
    Large = 32,
}

/// <summary>A run of pages of equal kind.</summary>
public readonly struct PageRun
{
    internal PageRun(AddressRange range, PageKinds kinds) => (Range, Kinds) = (range, kinds);

    /// <summary>Where it is.</summary>
    public AddressRange Range { get; }

    /// <summary>What its pages are.</summary>
    public PageKinds Kinds { get; }
}
