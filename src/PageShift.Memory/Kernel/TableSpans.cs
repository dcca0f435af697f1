namespace PageShift.Memory.Kernel;

/// <summary>The bytes that one entry of each level of the page tables covers: a table fills a page with entries of 8 bytes.</summary>
/// <param name="Page">A page-table entry: the page size.</param>
internal readonly record struct TableSpans(ulong Page)
{
    private const ulong EntryBytes = 8;

    /// <summary>A page-middle-directory entry: 2 MiB with pages of 4 KiB, 32 MiB with 16 KiB, 512 MiB with 64 KiB.</summary>
    internal ulong Pmd => Page * (Page / EntryBytes);

    /// <summary>An entry one level up: 1 GiB with pages of 4 KiB, 64 GiB with 16 KiB, 4 TiB with 64 KiB.</summary>
    internal ulong Pud => Pmd * (Page / EntryBytes);
}
