using System.Runtime.CompilerServices;
using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>What a move costs: entries, slots, tables and flushes.</summary>
public record struct MoveCost
{
    private EntryCounts _entries;

    /// <summary>PGD entries moved (256 TiB each; only with five levels).</summary>
    public ulong Pgd { readonly get => At(PageTableLevel.Pgd); internal set => _entries[(int)PageTableLevel.Pgd] = value; }

    /// <summary>P4D entries moved (512 GiB each).</summary>
    public ulong P4d { readonly get => At(PageTableLevel.P4d); internal set => _entries[(int)PageTableLevel.P4d] = value; }

    /// <summary>PUD entries moved (1 GiB each).</summary>
    public ulong Pud { readonly get => At(PageTableLevel.Pud); internal set => _entries[(int)PageTableLevel.Pud] = value; }

    /// <summary>PMD entries moved (2 MiB each).</summary>
    public ulong Pmd { readonly get => At(PageTableLevel.Pmd); internal set => _entries[(int)PageTableLevel.Pmd] = value; }

    /// <summary>PTEs moved (4 KiB each).</summary>
    public ulong Pte { readonly get => At(PageTableLevel.Pte); internal set => _entries[(int)PageTableLevel.Pte] = value; }

    /// <summary>All entries moved, of every level.</summary>
    public readonly ulong Entries => Pgd + P4d + Pud + Pmd + Pte;

    /// <summary>Slots of the source that are looked at in order to be moved, each at the level where it is decided about: the occupied
    /// ones, and the empty ones that are passed over.</summary>
    public ulong SlotsVisited { readonly get; internal set; }

    /// <summary>Slots that are looked at only to see whether something else lives in a boundary block.</summary>
    internal ulong SlotsInspected { readonly get; set; }

    /// <summary>Page tables allocated.</summary>
    public ulong TablesAllocated { readonly get; internal set; }

    /// <summary>Page tables freed.</summary>
    public ulong TablesFreed { readonly get; internal set; }

    /// <summary>Flushes of the TLB.</summary>
    public ulong TlbFlushes { readonly get; internal set; }

    /// <summary>How many of <see cref="TlbFlushes"/> stand for what moves: one for each entry above the PTE level, and one for each group of PTEs that move from one table to
    /// another together. Counted for the policies of Linux, which flush for each; 0 for <see cref="MovePolicy.PageShift"/>, which flushes once for all.</summary>
    internal ulong Extents { readonly get; set; }

    /// <summary>True where Linux warns that the destination's slot holds an empty table, and falls back to single pages.</summary>
    public bool Warned { readonly get; internal set; }

    /// <summary>Bytes of table that the move reads and writes: 8 read and 16 written for each slot in a run (copied there, cleared
    /// here), 8 for each slot inspected, 4096 for each table allocated.</summary>
    internal ulong TableBytes { readonly get; set; }

    /// <summary>The part that the mover counts while it works: entries and tables.</summary>
    internal readonly MoveCost Executed => new() { _entries = _entries, TablesAllocated = TablesAllocated, TablesFreed = TablesFreed };

    /// <summary>What two moves cost together.</summary>
    public static MoveCost operator +(MoveCost left, MoveCost right)
    {
        var sum = new MoveCost
        {
            SlotsVisited = left.SlotsVisited + right.SlotsVisited,
            SlotsInspected = left.SlotsInspected + right.SlotsInspected,
            TablesAllocated = left.TablesAllocated + right.TablesAllocated,
            TablesFreed = left.TablesFreed + right.TablesFreed,
            TlbFlushes = left.TlbFlushes + right.TlbFlushes,
            Extents = left.Extents + right.Extents,
            TableBytes = left.TableBytes + right.TableBytes,
            Warned = left.Warned || right.Warned,
        };
        for (int level = 0; level < PagingGeometry.MaximumLevels; level++)
            sum._entries[level] = left._entries[level] + right._entries[level];
        return sum;
    }

    /// <summary>The entries moved at <paramref name="level"/>.</summary>
    public readonly ulong At(PageTableLevel level) => _entries[(int)level];

    internal void AddEntries(PageTableLevel level, ulong entries) => _entries[(int)level] += entries;

    /// <summary>By level, from the PTEs up.</summary>
    [InlineArray(PagingGeometry.MaximumLevels)]
    private struct EntryCounts : IEquatable<EntryCounts>
    {
        private ulong _pte;

        public readonly bool Equals(EntryCounts other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

        public override readonly bool Equals(object? obj) => obj is EntryCounts other && Equals(other);

        public override readonly int GetHashCode() => HashCode.Combine(this[0], this[1], this[2], this[3], this[4]);
    }
}
