using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>A set of page tables that are empty, each named by its level and the first address that it covers.</summary>
/// <remarks>A sorted list for each level: the set rarely holds anything. Not thread-safe.</remarks>
internal sealed class EmptyTables(PagingGeometry geometry)
{
    private readonly List<VirtualAddress>[] _starts = [[], [], [], []]; // the root is never one of them
    private readonly List<VirtualAddress> _moving = [];
    private int _count;

    /// <summary>True when there is none.</summary>
    internal bool IsEmpty => _count == 0;

    /// <summary>True when the table of <paramref name="level"/> that covers <paramref name="address"/> is one of them.</summary>
    internal bool Contains(PageTableLevel level, VirtualAddress address) =>
        _starts[(int)level] is { Count: not 0 } starts && starts.BinarySearch(Start(level, address)) >= 0;

    /// <summary>Appends the first addresses of those of <paramref name="level"/> that touch <paramref name="range"/>.</summary>
    internal void CopyTo(PageTableLevel level, AddressRange range, List<VirtualAddress> into)
    {
        List<VirtualAddress> starts = _starts[(int)level];
        if (starts.Count == 0 || range.IsEmpty)
            return;
        for (int at = IndexAtOrAbove(starts, Start(level, range.Start)); at < starts.Count && starts[at] < range.End; at++)
            into.Add(starts[at]);
    }

    /// <summary>Adds the table of <paramref name="level"/> that covers <paramref name="address"/>.</summary>
    internal void Add(PageTableLevel level, VirtualAddress address)
    {
        List<VirtualAddress> starts = _starts[(int)level];
        VirtualAddress start = Start(level, address);
        int at = starts.BinarySearch(start);
        if (at >= 0)
            return;
        starts.Insert(~at, start);
        _count++;
    }

    /// <summary>Takes out the tables of <paramref name="level"/> that touch <paramref name="range"/> and lie wholly in [<paramref name="floor"/>, <paramref name="ceiling"/>).
    /// Returns how many there were.</summary>
    internal int Remove(PageTableLevel level, AddressRange range, VirtualAddress floor, VirtualAddress ceiling)
    {
        List<VirtualAddress> starts = _starts[(int)level];
        if (starts.Count == 0 || range.IsEmpty)
            return 0;
        var span = geometry.TableSpan(level);
        int from = IndexAtOrAbove(starts, Start(level, range.Start));
        int to = from;
        while (to < starts.Count && starts[to] < range.End && starts[to] + span <= ceiling)
            to++;
        if (from < to && starts[from] < floor)
            from++;
        starts.RemoveRange(from, to - from);
        _count -= to - from;
        return to - from;
    }

    /// <summary>Takes all out.</summary>
    internal void Clear()
    {
        foreach (List<VirtualAddress> starts in _starts)
            starts.Clear();
        _count = 0;
    }

    /// <summary>Moves the tables that lie wholly in <paramref name="range"/>, at the levels below <paramref name="congruence"/>, whose tables move whole.</summary>
    internal void Move(AddressRange range, Displacement displacement, PageTableLevel congruence)
    {
        for (PageTableLevel level = PageTableLevel.Pte; level < congruence && (int)level < _starts.Length; level++)
        {
            List<VirtualAddress> starts = _starts[(int)level];
            ByteLength span = geometry.TableSpan(level);
            int from = IndexAtOrAbove(starts, range.Start.AlignUp(span));
            int to = from;
            while (to < starts.Count && starts[to] + span <= range.End)
                to++;

            // All go before the first comes: one may come to where another still is, or already was.
            _moving.Clear();
            for (int i = from; i < to; i++)
                _moving.Add(starts[i]);
            starts.RemoveRange(from, _moving.Count);
            _count -= _moving.Count;
            foreach (VirtualAddress start in _moving)
                Add(level, start + displacement);
        }
    }

    private static int IndexAtOrAbove(List<VirtualAddress> starts, VirtualAddress start)
    {
        int at = starts.BinarySearch(start);
        return at < 0 ? ~at : at;
    }

    private VirtualAddress Start(PageTableLevel level, VirtualAddress address) => address.AlignDown(geometry.TableSpan(level));
}
