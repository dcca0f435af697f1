using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Explaining;

/// <summary>The letters by which the entries that move can be followed: one for each entry of a short run above the PTE level, one for each other run.</summary>
internal sealed class MoveMarks
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Further = "+"; // the letters are used up
    private const int MostNamedSlots = 4;

    private readonly List<(MoveRun Run, int First, bool IsEach)> _runs = [];
    private readonly PagingGeometry _geometry;

    internal MoveMarks(IReadOnlyList<MoveRun> runs, PagingGeometry geometry)
    {
        _geometry = geometry;
        int next = 0;
        foreach (MoveRun run in runs)
        {
            bool isEach = run.Level > PageTableLevel.Pte && run.Slots == run.Entries && run.Slots <= MostNamedSlots;
            _runs.Add((run, next, isEach));
            next += isEach ? (int)run.Slots : 1;
        }
    }

    /// <summary>The letters of a run: "A", or "A-D".</summary>
    internal string OfRun(int index)
    {
        (MoveRun run, int first, bool isEach) = _runs[index];
        return isEach && run.Slots > 1 ? $"{Letter(first)}-{Letter(first + (int)run.Slots - 1)}" : Letter(first);
    }

    /// <summary>The mark of the slot of <paramref name="level"/> for an address, before or after the move; null when it does not move.</summary>
    /// <param name="level">The slot's level.</param>
    /// <param name="address">The first address that the slot covers.</param>
    /// <param name="isAfter">True to look for what has arrived there.</param>
    /// <param name="slots">How many slots from this one on have the same mark.</param>
    internal string? At(PageTableLevel level, VirtualAddress address, bool isAfter, out ulong slots)
    {
        int shift = _geometry.SpanShift(level);
        slots = ulong.MaxValue;
        foreach ((MoveRun run, int first, bool isEach) in _runs)
        {
            ulong start = (isAfter ? run.Destination : run.Source).Value;
            if (run.Level != level)
                continue;
            if (address.Value < start)
            {
                slots = Math.Min(slots, (start - address.Value) >> shift);
                continue;
            }

            ulong index = (address.Value - start) >> shift;
            if (index >= run.Slots)
                continue;
            slots = isEach ? 1 : run.Slots - index;
            return Letter(isEach ? first + (int)index : first);
        }

        return null;
    }

    /// <summary>The mark of what is cut out of the large page of <paramref name="level"/> at an address; null when the move does not cut it.</summary>
    internal string? CutFrom(PageTableLevel level, VirtualAddress address)
    {
        var page = new AddressRange(address, _geometry.Span(level));
        foreach ((MoveRun run, int first, _) in _runs)
        {
            if (run.Level < level && page.Overlaps(new AddressRange(run.Source, new ByteLength(run.Slots << _geometry.SpanShift(run.Level)))))
                return Letter(first);
        }

        return null;
    }

    private static string Letter(int index) => index < Letters.Length ? Letters[index].ToString() : Further;
}
