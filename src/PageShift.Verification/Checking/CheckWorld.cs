using System.Globalization;
using PageShift.PageTables;

namespace PageShift.Verification.Checking;

/// <summary>A small world: a shape of page tables, and a region of its pages. Every population of the region is tried, and every move whose source and destination
/// begin and end in it. Immutable, thread-safe.</summary>
public sealed class CheckWorld
{
    /// <summary>The smallest region, in pages.</summary>
    public const int LeastDepth = 2;

    /// <summary>The largest: beyond it the smaller worlds are whole, and the number of populations has outgrown any cluster.</summary>
    public const int MostDepth = 24;

    private const int PagesFewerForCalls = 7;

    private CheckWorld(int levels, int indexBits, params (int First, int End)[] windows)
    {
        Geometry = PagingGeometry.Toy(levels, indexBits);
        Pages = 1 << (levels * indexBits);
        Windows = windows;
        Moves = [.. AllMoves(windows)];
    }

    /// <summary>The shape of the page tables.</summary>
    public PagingGeometry Geometry { get; }

    /// <summary>Its name, such as <c>3 levels of 4 entries, pages 26-37</c>.</summary>
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{Geometry.Levels} levels of {Geometry.EntriesPerTable} entries, pages {string.Join(" and ", Windows.Select(w => $"{w.First}-{w.End - 1}"))}");

    /// <summary>The pages of the whole world.</summary>
    internal int Pages { get; }

    /// <summary>The region: one stretch of pages or two, the end of each exclusive.</summary>
    internal IReadOnlyList<(int First, int End)> Windows { get; }

    /// <summary>Every move within the region.</summary>
    internal IReadOnlyList<CheckMove> Moves { get; }

    /// <summary>The worlds whose regions have <paramref name="depth"/> pages (or all pages, where there are fewer).</summary>
    /// <remarks>A region lies across the highest boundary of its world, which is one of every level. A region of one stretch has moves that overlap and that are congruent at the lower
    /// levels; one of two stretches, half a world apart, has those that are congruent at the highest.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="depth"/> is not from <see cref="LeastDepth"/> to <see cref="MostDepth"/>.</exception>
    public static IReadOnlyList<CheckWorld> OfDepth(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, LeastDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, MostDepth);
        return
        [
            new CheckWorld(3, 1, Around(4, Math.Min(depth, 8))),
            new CheckWorld(4, 1, Around(8, Math.Min(depth, 16))),
            new CheckWorld(3, 2, Around(32, depth)),
            new CheckWorld(3, 2, Around(16, depth / 2), Around(48, depth - (depth / 2))),
            new CheckWorld(4, 2, Around(128, depth)),
            new CheckWorld(4, 2, Around(64, depth / 2), Around(192, depth - (depth / 2))),
        ];
    }

    /// <summary>The worlds in which whole calls are made at that depth. Their regions are smaller, as a page has more states there.</summary>
    internal static IReadOnlyList<CheckWorld> OfCalls(int depth)
    {
        int pages = Math.Clamp(depth - PagesFewerForCalls, LeastDepth, 8);
        return [new CheckWorld(3, 1, Around(4, pages)), new CheckWorld(3, 2, Around(32, pages))];
    }

    /// <summary>True when the page lies in the region.</summary>
    internal bool IsInRegion(int page) => Windows.Any(w => page >= w.First && page < w.End);

    private static (int First, int End) Around(int boundary, int pages) => (boundary - (pages / 2), boundary + pages - (pages / 2));

    private static IEnumerable<CheckMove> AllMoves((int First, int End)[] windows)
    {
        int[] ends = [.. windows.SelectMany(w => Enumerable.Range(w.First, w.End - w.First + 1)).Distinct()];
        return
            from old in ends
            from oldEnd in ends
            where oldEnd > old
            from to in ends
            where to != old && ends.Contains(to + oldEnd - old)
            select new CheckMove(old, to, oldEnd - old);
    }
}

/// <summary>A move, in pages.</summary>
/// <param name="Old">Where it begins.</param>
/// <param name="New">Where it goes.</param>
/// <param name="Length">How many pages.</param>
internal readonly record struct CheckMove(int Old, int New, int Length)
{
    /// <summary>How far the pages move.</summary>
    internal int Delta => New - Old;

    /// <summary>True when source and destination have pages in common.</summary>
    internal bool Overlaps => Math.Abs(Delta) < Length;

    /// <summary>True for a page that moves.</summary>
    internal bool Takes(int page) => page >= Old && page < Old + Length;
}
