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

    /// <summary>The entries that move when a range whose pages are all present moves in one call: of the highest level at which source and destination are congruent, and below it at the ends.</summary>
    internal SpanCounts Entries(ulong from, ulong to, ulong length)
    {
        ulong apart = from ^ to;
        ulong directories = (apart & (Pud - 1)) == 0 ? WholeBlocks(from, length, Pud) : 0;
        ulong tables = (apart & (Pmd - 1)) == 0 ? WholeBlocks(from, length, Pmd) - (directories * (Pud / Pmd)) : 0;
        return new SpanCounts(directories, tables, (length - (directories * Pud) - (tables * Pmd)) / Page);
    }

    private static ulong WholeBlocks(ulong from, ulong length, ulong span)
    {
        ulong first = (from + span - 1) / span;
        ulong end = (from + length) / span;
        return end > first ? end - first : 0;
    }
}

/// <summary>Entries that move, by level.</summary>
/// <param name="Directories">Of <see cref="TableSpans.Pud"/> bytes each.</param>
/// <param name="Tables">Of <see cref="TableSpans.Pmd"/> bytes each.</param>
/// <param name="Pages">Of a page each.</param>
internal readonly record struct SpanCounts(ulong Directories, ulong Tables, ulong Pages)
{
    /// <summary>All of them.</summary>
    internal ulong Total => Directories + Tables + Pages;
}
