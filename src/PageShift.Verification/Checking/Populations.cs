using PageShift.PageTables;

namespace PageShift.Verification.Checking;

/// <summary>A leaf of a population: a page, or a large leaf at the first of its pages.</summary>
internal readonly record struct PopulatedLeaf(int Page, PageTableLevel Level);

/// <summary>All populations of a world's region, numbered: which pages are occupied, and which blocks are large leaves. A large leaf may reach out of the region; whatever else lies outside is
/// empty. Immutable, thread-safe.</summary>
/// <remarks>
/// What an occupied page holds (a frame with some permission, a guard, a swap marker) is not varied but depends on its place, see <see cref="CheckedTables"/>: planner and mover ask of an entry at
/// the lowest level only whether it is zero.
/// </remarks>
internal sealed class Populations
{
    private readonly CheckWorld _world;
    private readonly PagingGeometry _geometry;
    private readonly long[][] _counts; // of each level and block

    internal Populations(CheckWorld world)
    {
        _world = world;
        _geometry = world.Geometry;
        _counts = new long[_geometry.Levels][];
        for (PageTableLevel level = PageTableLevel.Pte; level <= _geometry.Root; level++)
            _counts[(int)level] = [.. Enumerable.Range(0, world.Pages >> Shift(level)).Select(block => CountBlock(level, block))];
        Count = _counts[(int)_geometry.Root].Aggregate(1L, (product, count) => checked(product * count));
    }

    /// <summary>How many there are.</summary>
    internal long Count { get; }

    /// <summary>Lists the leaves of population <paramref name="number"/>.</summary>
    internal void Decode(long number, List<PopulatedLeaf> leaves)
    {
        leaves.Clear();
        for (int block = 0; block < _geometry.EntriesPerTable; block++)
        {
            (number, long part) = Math.DivRem(number, _counts[(int)_geometry.Root][block]);
            DecodeBlock(_geometry.Root, block, part, leaves);
        }
    }

    private void DecodeBlock(PageTableLevel level, int block, long number, List<PopulatedLeaf> leaves)
    {
        if (number == 0)
            return; // nothing is there
        if (level == PageTableLevel.Pte || (MayBeLarge(level, block) && number == _counts[(int)level][block] - 1))
        {
            leaves.Add(new PopulatedLeaf(block << Shift(level), level));
            return;
        }

        for (int i = 0; i < _geometry.EntriesPerTable; i++)
        {
            int child = (block * _geometry.EntriesPerTable) + i;
            (number, long part) = Math.DivRem(number, _counts[(int)level - 1][child]);
            DecodeBlock(level - 1, child, part, leaves);
        }
    }

    private long CountBlock(PageTableLevel level, int block)
    {
        if (level == PageTableLevel.Pte)
            return _world.IsInRegion(block) ? 2 : 1;
        long product = 1;
        for (int i = 0; i < _geometry.EntriesPerTable; i++)
            product = checked(product * _counts[(int)level - 1][(block * _geometry.EntriesPerTable) + i]);
        return MayBeLarge(level, block) ? product + 1 : product;
    }

    private bool MayBeLarge(PageTableLevel level, int block)
    {
        if (level > _geometry.LargestLeaf)
            return false;
        int first = block << Shift(level);
        return _world.Windows.Any(w => w.First < first + (1 << Shift(level)) && w.End > first);
    }

    private int Shift(PageTableLevel level) => _geometry.IndexBits(PageTableLevel.Pte) * (int)level;
}
