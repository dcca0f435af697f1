using System.Runtime.CompilerServices;
using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>
/// The shape of the tree of page tables: how many levels, and how many entries a table has. The real shapes
/// are x86-64's with four and five levels, and for logs those of other processors; the same code runs toy worlds whose
/// tables have 2 or 4 entries, so that every case of a small world can be tried.
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

    private readonly int _pageShift = PageSize.Shift;

    private PagingGeometry(int levels, int indexBits, ulong userLimit, ulong mapWindow)
    {
        Levels = levels;
        IndexBits = indexBits;
        UserLimit = new VirtualAddress(userLimit);
        MapWindow = new VirtualAddress(mapWindow);
    }

    private PagingGeometry(int levels, int indexBits, ulong userLimit, ulong mapWindow, int pageShift)
        : this(levels, indexBits, userLimit, mapWindow) => _pageShift = pageShift;

    /// <summary>x86-64 with four levels: 512 entries a table, user addresses below 0x7ffffffff000.</summary>
    public static PagingGeometry X86 { get; } = new(4, FullIndexBits, 0x7ffffffff000, 0x7ffffffff000);

    /// <summary>x86-64 with five levels: user addresses below 0xfffffffffff000; the kernel chooses
    /// addresses below 0x7ffffffff000 unless a hint above that asks for more.</summary>
    public static PagingGeometry X86FiveLevel { get; } = new(5, FullIndexBits, 0x00fffffffffff000, 0x7ffffffff000);

    /// <summary>The number of levels, which is the number of tables on the way from the root to a 4 KiB page.</summary>
    public int Levels { get; }

    /// <summary>The address bits that index one table.</summary>
    internal int IndexBits { get; }

    /// <summary>The entries of one table: 512 on x86-64.</summary>
    public int EntriesPerTable => 1 << IndexBits;

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
        return new PagingGeometry(levels, indexBits, limit, limit);
    }

    /// <summary>The shape of another processor's tables, with pages of 4 KiB.</summary>
    /// <param name="levels">2 to 5 levels.</param>
    /// <param name="indexBits">The address bits that index a table, 9 to 13. The root may use fewer.</param>
    /// <param name="userLimit">The end of the addresses that user space may map: a multiple of 4 KiB that the levels can hold.</param>
    internal static PagingGeometry Of(int levels, int indexBits, ulong userLimit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(levels, MaximumLevels);
        ArgumentOutOfRangeException.ThrowIfLessThan(indexBits, FullIndexBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(indexBits, MostIndexBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(userLimit - 1, ulong.MaxValue >> (64 - PageSize.Shift - (levels * indexBits)));
        return new PagingGeometry(levels, indexBits, userLimit, userLimit);
    }

    /// <summary>The same tables for pages of 2^<paramref name="pageShift"/> bytes, 12 to 16, as they are shown: every span, and the user limit, is larger by as much. The engine runs
    /// with pages of 4 KiB only.</summary>
    internal PagingGeometry Shown(int pageShift) =>
        pageShift == PageSize.Shift ? this : new PagingGeometry(Levels, IndexBits, UserLimit.Value << (pageShift - PageSize.Shift), MapWindow.Value << (pageShift - PageSize.Shift), pageShift);

    /// <summary>The bytes of a table.</summary>
    internal ulong TableBytes => PageSize.Bytes << TableOrder;

    /// <summary>The 4 KiB frames of a table, as their base-2 logarithm: 0 in tables of at most 512 entries.</summary>
    internal int TableOrder => Math.Max(0, IndexBits - FullIndexBits);

    /// <summary>The base-2 logarithm of <see cref="Span"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int SpanShift(PageTableLevel level) => _pageShift + (IndexBits * (int)level);

    /// <summary>The bytes that one entry of <paramref name="level"/> covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ByteLength Span(PageTableLevel level) => new(1UL << SpanShift(level));

    /// <summary>The bytes that one table of <paramref name="level"/> covers: the span of the level above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ByteLength TableSpan(PageTableLevel level) => Span(level + 1);

    /// <summary>The index of the entry for <paramref name="address"/> in its table of <paramref name="level"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Index(VirtualAddress address, PageTableLevel level) => (int)(address.Value >> SpanShift(level)) & (EntriesPerTable - 1);

    /// <summary>Where no table begins.</summary>
    internal static VirtualAddress NoTable => new(ulong.MaxValue);

    /// <summary>True when one entry of <paramref name="level"/> covers both addresses; for the level above a table's entries, when one table does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool SharesEntry(VirtualAddress left, VirtualAddress right, PageTableLevel level) => (left.Value ^ right.Value) >> SpanShift(level) == 0;

    /// <summary>The entries of <paramref name="level"/> that touch [<paramref name="start"/>, <paramref name="end"/>), which is not empty.</summary>
    internal ulong SlotsBetween(VirtualAddress start, VirtualAddress end, PageTableLevel level) =>
        ((end.Value - 1) >> SpanShift(level)) - (start.Value >> SpanShift(level)) + 1;

    /// <summary>The frames that a leaf of <paramref name="level"/> maps.</summary>
    internal ulong FramesPerLeaf(PageTableLevel level) => 1UL << (IndexBits * (int)level);

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
