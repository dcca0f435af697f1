namespace PageShift.PageTables;

/// <summary>The level of a page table, named by what its entries are called in Linux. With four levels the
/// root is the P4D table (the manual's PML4), as Linux folds the PGD away; with five it is the PGD (PML5).</summary>
public enum PageTableLevel
{
    /// <summary>Page-table entries; each spans 4 KiB on x86-64. The manual's PTE.</summary>
    Pte = 0,

    /// <summary>Page-middle-directory entries; each spans 2 MiB on x86-64. The manual's PDE.</summary>
    Pmd = 1,

    /// <summary>Page-upper-directory entries; each spans 1 GiB on x86-64. The manual's PDPTE.</summary>
    Pud = 2,

    /// <summary>Level-4 directory entries; each spans 512 GiB on x86-64. The manual's PML4E.</summary>
    P4d = 3,

    /// <summary>Level-5 directory entries; each spans 256 TiB on x86-64. The manual's PML5E.</summary>
    Pgd = 4,
}
