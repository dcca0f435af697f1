using System.Numerics;
using System.Runtime.CompilerServices;
using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>
/// The shape of the tree of page tables: how many levels, and how many entries a table has. The real shapes
/// are x86-64's with four and five levels, and for logs those of other processors; the same code runs toy worlds whose
/// tables have 2 or 4 entries, so that every case of a small world can be tried. Tables of different levels may have different numbers of entries.
/// </summary>
/// <remarks>Immutable, thread-safe.</remarks>
public sealed class PagingGeometry
{
    /// <summary>The number of levels that the largest geometry has.</summary>
    internal const int MaximumLevels = 5;

    /// <summary>The address bits that index a table of one 4 KiB frame.</summary>
    internal const int FullIndexBits = 9;

    /// <summary>The address bits that index the largest table: 64 KiB.</summary>
    internal const int MostIndexBits = 13;

    private const int ShiftBits = 8;

    // For each level the base-2 logarithm of what an entry spans, eight bits each from the lowest on, and behind them that of what the root spans.
    private readonly ulong _spanShifts;

    private PagingGeometry(int levels, int indexBits, ulong userLimit, ulong mapWindow)
        : this([.. Enumerable.Repeat(indexBits, levels)], PageSize.Shift, userLimit, mapWindow)
    {
    }

    private PagingGeometry(ReadOnlySpan<int> indexBits, int pageShift, ulong userLimit, ulong mapWindow)
    {
        Levels = indexBits.Length;
        UserLimit = new VirtualAddress(userLimit);
        MapWindow = new VirtualAddress(mapWindow);
        int shift = pageShift;
        for (int level = 0; level < Levels; level++)
        {
            _spanShifts |= (ulong)shift << (ShiftBits * level);
            shift += indexBits[level];
            MostEntries = Math.Max(MostEntries, 1 << indexBits[level]);
        }

        _spanShifts |= (ulong)shift << (ShiftBits * Levels);
    }

    /// <summary>x86-64 with four levels: 512 entries a table, user addresses below 0x7ffffffff000.</summary>
    public static PagingGeometry X86 { get; } = new(4, FullIndexBits, 0x7ffffffff000, 0x7ffffffff000);

    /// <summary>x86-64 with five levels: user addresses below 0xfffffffffff000; the kernel chooses
    /// addresses below 0x7ffffffff000 unless a hint above that asks for more.</summary>
    public static PagingGeometry X86FiveLevel { get; } = new(5, FullIndexBits, 0x00fffffffffff000, 0x7ffffffff000);

    /// <summary>The number of levels, which is the number of tables on the way from the root to a 4 KiB page.</summary>
    public int Levels { get; }

    /// <summary>The entries of one table: 512 on x86-64. Where the tables of the levels differ, those of a table of PTEs.</summary>
    public int EntriesPerTable => EntriesAt(PageTableLevel.Pte);

    /// <summary>The entries of the largest table.</summary>
    internal int MostEntries { get; }

    /// <summary>True for a small world (<see cref="Toy"/>).</summary>
    internal bool IsToy { get; private init; }

    /// <summary>The level of the root's entries.</summary>
    public PageTableLevel Root => (PageTableLevel)(Levels - 1);

    /// <summary>The end of the addresses that user space may map (Linux's TASK_SIZE).</summary>
    public VirtualAddress UserLimit { get; }

    /// <summary>The end of the addresses that the kernel chooses by itself (Linux's DEFAULT_MAP_WINDOW).</summary>
    internal VirtualAddress MapWindow { get; }

    /// <summary>The highest level whose entries may be leaves: the PUD (1 GiB on x86-64).</summary>
    internal PageTableLevel LargestLeaf => Levels > 2 ? PageTableLevel.Pud : PageTableLevel.Pmd;

    /// <summary>A small world: tables of 2^<paramref name="indexBits"/> entries and <paramref name="levels"/> levels. Pages stay 4 KiB, and
    /// the whole tree is user space.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="levels"/> is not 2 to 5 or <paramref name="indexBits"/> not 1 to 8.</exception>
    public static PagingGeometry Toy(int levels, int indexBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(levels, MaximumLevels);
        ArgumentOutOfRangeException.ThrowIfLessThan(indexBits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(indexBits, FullIndexBits);
        ulong limit = 1UL << (PageSize.Shift + (levels * indexBits));
        return new PagingGeometry(levels, indexBits, limit, limit) { IsToy = true };
    }

    /// <summary>The shape of another processor's tables, with pages of 4 KiB.</summary>
    /// <param name="userLimit">The end of the addresses that user space may map: a multiple of 4 KiB that the levels can hold.</param>
    /// <param name="indexBits">The address bits that index the table of each of 2 to 5 levels, the lowest first: 1 to 13. The root may use fewer.</param>
    internal static PagingGeometry Of(ulong userLimit, params ReadOnlySpan<int> indexBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(indexBits.Length, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(indexBits.Length, MaximumLevels);
        int all = PageSize.Shift;
        foreach (int bits in indexBits)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, MostIndexBits);
            all += bits;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(userLimit - 1, ulong.MaxValue >> (64 - all));
        return new PagingGeometry(indexBits, PageSize.Shift, userLimit, userLimit);
    }

    /// <summary>The same tables for pages of 2^<paramref name="pageShift"/> bytes, 12 to 16, as they are shown: every span, and the user limit, is larger by as much. The engine runs
    /// with pages of 4 KiB only.</summary>
    internal PagingGeometry Shown(int pageShift)
    {
        if (pageShift == PageSize.Shift)
            return this;
        int[] indexBits = [.. Enumerable.Range(0, Levels).Select(level => IndexBits((PageTableLevel)level))];
        return new PagingGeometry(indexBits, pageShift, UserLimit.Value << (pageShift - PageSize.Shift), MapWindow.Value << (pageShift - PageSize.Shift));
    }

    /// <summary>The address bits that index a table of <paramref name="level"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int IndexBits(PageTableLevel level) => SpanShift(level + 1) - SpanShift(level);

    /// <summary>The entries of a table of <paramref name="level"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int EntriesAt(PageTableLevel level) => 1 << IndexBits(level);

    /// <summary>The bytes that a table takes here; those of all levels take as many.</summary>
    internal ulong TableBytes => PageSize.Bytes << TableOrder;

    /// <summary>The 4 KiB frames of a table, as their base-2 logarithm: 0 in tables of at most 512 entries.</summary>
    internal int TableOrder => Math.Max(0, BitOperations.Log2((uint)MostEntries) - FullIndexBits);

    /// <summary>The base-2 logarithm of <see cref="Span"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int SpanShift(PageTableLevel level) => (int)(_spanShifts >> (ShiftBits * (int)level)) & ((1 << ShiftBits) - 1);

    /// <summary>The bytes that one entry of <paramref name="level"/> covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteLength Span(PageTableLevel level) => new(1UL << SpanShift(level));

    /// <summary>The bytes that one table of <paramref name="level"/> covers: the span of the level above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ByteLength TableSpan(PageTableLevel level) => Span(level + 1);

    /// <summary>The index of the entry for <paramref name="address"/> in its table of <paramref name="level"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Index(VirtualAddress address, PageTableLevel level) => (int)(address.Value >> SpanShift(level)) & (EntriesAt(level) - 1);

    /// <summary>Where no table begins.</summary>
    internal static VirtualAddress NoTable => new(ulong.MaxValue);

    /// <summary>True when one entry of <paramref name="level"/> covers both addresses; for the level above a table's entries, when one table does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool SharesEntry(VirtualAddress left, VirtualAddress right, PageTableLevel level) => (left.Value ^ right.Value) >> SpanShift(level) == 0;

    /// <summary>The entries of <paramref name="level"/> that touch [<paramref name="start"/>, <paramref name="end"/>), which is not empty.</summary>
    internal ulong SlotsBetween(VirtualAddress start, VirtualAddress end, PageTableLevel level) =>
        ((end.Value - 1) >> SpanShift(level)) - (start.Value >> SpanShift(level)) + 1;

    /// <summary>The frames that a leaf of <paramref name="level"/> maps.</summary>
    internal ulong FramesPerLeaf(PageTableLevel level) => 1UL << (SpanShift(level) - SpanShift(PageTableLevel.Pte));

    /// <summary>The highest level whose entries are no longer than <paramref name="length"/>, and PMD at least: what a congruent place is good for.</summary>
    internal PageTableLevel HighestUseful(ByteLength length)
    {
        PageTableLevel level = PageTableLevel.Pmd;
        while (level < Root && Span(level + 1) <= length)
            level++;
        return level;
    }

    /// <summary>The highest level at which two addresses stand at the same place within their entries' spans, so that
    /// an entry can be moved from the one to the other; null when they differ even within a page. Equal addresses are
    /// congruent at the root's level.</summary>
    public PageTableLevel? Congruence(VirtualAddress left, VirtualAddress right)
    {
        ByteLength difference = left - right;
        for (PageTableLevel level = Root; level >= PageTableLevel.Pte; level--)
        {
            if (difference.IsMultipleOf(Span(level)))
                return level;
        }

        return null;
    }
}
