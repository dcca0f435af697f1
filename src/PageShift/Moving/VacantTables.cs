using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>
/// The page tables that Linux would still hold although they are empty. This engine frees a table with its last entry; Linux keeps one
/// until the mappings around it go, and moves and counts it until then. The plans of Linux's policies need to know.
/// </summary>
/// <remarks>A table is named by the first address that it covers. Holds only what differs from the real tables, which is rarely anything: a sorted
/// array per level. A name that stands here while a real table exists has no effect. Not thread-safe.</remarks>
internal sealed class VacantTables
{
    private readonly PagingGeometry _geometry;
    private readonly List<ulong>[] _blocks = [[], [], [], []];
    private readonly List<ulong> _moving = [];
    private int _count;

    internal VacantTables(PagingGeometry geometry) => _geometry = geometry;

    /// <summary>True when no table is vacant.</summary>
    internal bool IsEmpty => _count == 0;

    /// <summary>True when the table of <paramref name="level"/> that covers <paramref name="address"/> is vacant.</summary>
    internal bool Contains(PageTableLevel level, ulong address)
    {
        List<ulong> blocks = _blocks[(int)level];
        return blocks.Count != 0 && blocks.BinarySearch(Block(level, address)) >= 0;
    }

    /// <summary>True when a table of <paramref name="level"/> that touches <paramref name="range"/> is vacant.</summary>
    internal bool Any(PageTableLevel level, AddressRange range)
    {
        List<ulong> blocks = _blocks[(int)level];
        if (blocks.Count == 0 || range.IsEmpty)
            return false;
        int at = blocks.BinarySearch(Block(level, range.Start.Value));
        if (at < 0)
            at = ~at;
        return at < blocks.Count && blocks[at] < range.End.Value;
    }

    /// <summary>Appends the first addresses of the vacant tables of <paramref name="level"/> that touch <paramref name="range"/>.</summary>
    internal void CopyTo(PageTableLevel level, AddressRange range, List<ulong> into)
    {
        List<ulong> blocks = _blocks[(int)level];
        if (blocks.Count == 0 || range.IsEmpty)
            return;
        int at = blocks.BinarySearch(Block(level, range.Start.Value));
        for (at = at < 0 ? ~at : at; at < blocks.Count && blocks[at] < range.End.Value; at++)
            into.Add(blocks[at]);
    }

    /// <summary>Notes that Linux keeps the empty table of <paramref name="level"/> that covers <paramref name="address"/>.</summary>
    internal void Add(PageTableLevel level, ulong address)
    {
        List<ulong> blocks = _blocks[(int)level];
        ulong block = Block(level, address);
        int at = blocks.BinarySearch(block);
        if (at < 0)
        {
            blocks.Insert(~at, block);
            _count++;
        }
    }

    /// <summary>Forgets the tables of <paramref name="level"/> that touch <paramref name="range"/> and lie wholly in [<paramref name="floor"/>, <paramref name="ceiling"/>).
    /// Returns how many there were.</summary>
    internal int Remove(PageTableLevel level, AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        List<ulong> blocks = _blocks[(int)level];
        if (blocks.Count == 0 || range.IsEmpty)
            return 0;
        ulong span = _geometry.TableSpan(level);
        int from = blocks.BinarySearch(Block(level, range.Start.Value));
        if (from < 0)
            from = ~from;
        int to = from;
        while (to < blocks.Count && blocks[to] < range.End.Value && blocks[to] + span <= ceiling.Value)
            to++;
        if (from < to && blocks[from] < floor.Value)
            from++;
        if (from < to)
        {
            blocks.RemoveRange(from, to - from);
            _count -= to - from;
        }

        return Math.Max(0, to - from);
    }

    /// <summary>Moves the vacant tables that lie wholly in <paramref name="range"/> by <paramref name="delta"/> bytes, at the levels below
    /// <paramref name="congruence"/>, whose tables move whole.</summary>
    internal void Move(AddressRange range, ulong delta, PageTableLevel congruence)
    {
        for (PageTableLevel level = PageTableLevel.Pte; level < congruence && (int)level < _blocks.Length; level++)
        {
            List<ulong> blocks = _blocks[(int)level];
            ulong span = _geometry.TableSpan(level);
            int from = blocks.BinarySearch((range.Start.Value + (span - 1)) & ~(span - 1));
            from = from < 0 ? ~from : from;
            int to = from;
            while (to < blocks.Count && blocks[to] + span <= range.End.Value)
                to++;

            // All go before the first comes: one may come to where another still is, or already was.
            _moving.Clear();
            for (int i = from; i < to; i++)
                _moving.Add(blocks[i]);
            blocks.RemoveRange(from, _moving.Count);
            _count -= _moving.Count;
            foreach (ulong block in _moving)
                Add(level, unchecked(block + delta));
        }
    }

    private ulong Block(PageTableLevel level, ulong address) => address & ~(_geometry.TableSpan(level) - 1);
}
