using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Cli.Moves;

/// <summary>Which addresses a snapshot of page tables maps.</summary>
internal static class OccupiedRanges
{
    /// <summary>The ranges of occupied leaves and markers, lowest first; adjacent ones are one range.</summary>
    internal static IReadOnlyList<AddressRange> In(PageTableSnapshot table, PagingGeometry geometry)
    {
        var ranges = new List<AddressRange>();
        Collect(table, geometry, ranges);
        return ranges;
    }

    /// <summary>The parts of <paramref name="range"/> below and above <paramref name="hole"/>.</summary>
    internal static IEnumerable<AddressRange> Without(AddressRange range, AddressRange hole)
    {
        if (!range.Overlaps(hole))
        {
            yield return range;
            yield break;
        }

        if (range.Start < hole.Start)
            yield return new AddressRange(range.Start, hole.Start);
        if (range.End > hole.End)
            yield return new AddressRange(hole.End, range.End);
    }

    private static void Collect(PageTableSnapshot table, PagingGeometry geometry, List<AddressRange> ranges)
    {
        ulong span = geometry.Span(table.Level).Value;
        foreach (PageTableSlots slots in table.Slots)
        {
            if (slots.Table is { } below)
            {
                Collect(below, geometry, ranges);
                continue;
            }

            var range = new AddressRange(table.Start + new ByteLength((ulong)slots.First * span), new ByteLength((ulong)slots.Count * span));
            if (ranges.Count != 0 && ranges[^1].End == range.Start)
                ranges[^1] = new AddressRange(ranges[^1].Start, range.End);
            else
                ranges.Add(range);
        }
    }
}
