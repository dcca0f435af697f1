using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>What a move costs: entries, slots, tables and flushes.</summary>
public record struct MoveCost
{
    /// <summary>PGD entries moved (256 TiB each; only with five levels).</summary>
    public ulong Pgd { get; set; }

    /// <summary>P4D entries moved (512 GiB each).</summary>
    public ulong P4d { get; set; }

    /// <summary>PUD entries moved (1 GiB each).</summary>
    public ulong Pud { get; set; }

    /// <summary>PMD entries moved (2 MiB each).</summary>
    public ulong Pmd { get; set; }

    /// <summary>PTEs moved (4 KiB each).</summary>
    public ulong Pte { get; set; }

    /// <summary>Slots of the source that are looked at in order to be moved, each at the level where it is decided about: the occupied
    /// ones, and the empty ones that are passed over.</summary>
    public ulong SlotsVisited { get; set; }

    /// <summary>Slots that are looked at only to see whether something else lives in a boundary block.</summary>
    public ulong SlotsInspected { get; set; }

    /// <summary>Page tables allocated.</summary>
    public ulong TablesAllocated { get; set; }

    /// <summary>Page tables freed.</summary>
    public ulong TablesFreed { get; set; }

    /// <summary>Flushes of the TLB.</summary>
    public ulong TlbFlushes { get; set; }

    /// <summary>How many of <see cref="TlbFlushes"/> stand for what moves: one for each entry above the PTE level, and one for each group of PTEs that move from one table to
    /// another together. Counted for the policies of Linux, which flush for each; 0 for <see cref="MovePolicy.PageShift"/>, which flushes once for all.</summary>
    public ulong Extents { get; set; }

    /// <summary>True where Linux warns that the destination's slot holds an empty table, and falls back to single pages.</summary>
    public bool Warned { get; set; }

    /// <summary>All entries moved, of every level.</summary>
    public readonly ulong Entries => Pgd + P4d + Pud + Pmd + Pte;

    /// <summary>Bytes of table that the move reads and writes: 8 read and 16 written for each slot in a run (copied there, cleared
    /// here), 8 for each slot inspected, 4096 for each table allocated.</summary>
    public ulong TableBytes { get; set; }

    /// <summary>The entries moved at <paramref name="level"/>.</summary>
    public readonly ulong At(PageTableLevel level) => level switch
    {
        PageTableLevel.Pte => Pte,
        PageTableLevel.Pmd => Pmd,
        PageTableLevel.Pud => Pud,
        PageTableLevel.P4d => P4d,
        _ => Pgd,
    };

    /// <summary>What two moves cost together.</summary>
    public static MoveCost Sum(in MoveCost left, in MoveCost right) => new()
    {
        Pgd = left.Pgd + right.Pgd,
        P4d = left.P4d + right.P4d,
        Pud = left.Pud + right.Pud,
        Pmd = left.Pmd + right.Pmd,
        Pte = left.Pte + right.Pte,
        SlotsVisited = left.SlotsVisited + right.SlotsVisited,
        SlotsInspected = left.SlotsInspected + right.SlotsInspected,
        TablesAllocated = left.TablesAllocated + right.TablesAllocated,
        TablesFreed = left.TablesFreed + right.TablesFreed,
        TlbFlushes = left.TlbFlushes + right.TlbFlushes,
        Extents = left.Extents + right.Extents,
        TableBytes = left.TableBytes + right.TableBytes,
        Warned = left.Warned || right.Warned,
    };

    internal void Add(PageTableLevel level, ulong entries)
    {
        switch (level)
        {
            case PageTableLevel.Pte: Pte += entries; break;
            case PageTableLevel.Pmd: Pmd += entries; break;
            case PageTableLevel.Pud: Pud += entries; break;
            case PageTableLevel.P4d: P4d += entries; break;
            default: Pgd += entries; break;
        }
    }
}
