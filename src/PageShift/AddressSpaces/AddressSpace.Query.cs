using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>The mappings as they are now, lowest first. A snapshot. Thread-safe.</summary>
    public IReadOnlyList<Mapping> GetMappings() => GetMappings(new AddressRange(VirtualAddress.Zero, Geometry.UserLimit));

    /// <summary>The mappings that have an address in <paramref name="range"/>, whole, lowest first. A snapshot. Thread-safe.</summary>
    public IReadOnlyList<Mapping> GetMappings(AddressRange range)
    {
        var list = new List<Mapping>();
        CopyMappings(range, list);
        return list;
    }

    /// <summary>Appends the mappings that have an address in <paramref name="range"/> to a list that is used again, whole, lowest first. A snapshot. Thread-safe.</summary>
    internal void CopyMappings(AddressRange range, List<Mapping> mappings)
    {
        ArgumentNullException.ThrowIfNull(mappings);
        using MappingLock.ExclusiveScope scope = EnterCall();
        foreach (MappingHandle handle in _mappings.Overlapping(range))
            mappings.Add(_mappings[handle]);
    }

    /// <summary>The lowest part of <paramref name="range"/> that is not mapped; null when all of it is. Thread-safe.</summary>
    internal AddressRange? FindHole(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        VirtualAddress at = range.Start;
        foreach (MappingHandle handle in _mappings.Overlapping(range))
        {
            AddressRange mapped = _mappings.RangeOf(handle);
            if (mapped.Start > at)
                return new AddressRange(at, mapped.Start);
            at = mapped.End;
        }

        return at < range.End ? new AddressRange(at, range.End) : null;
    }

    /// <summary>The occupied leaves and markers of <paramref name="range"/>, lowest first: address, level and entry. A snapshot. Thread-safe.</summary>
    public IReadOnlyList<(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry)> GetLeaves(AddressRange range)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        var leaves = new List<(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry)>();
        var cursor = new PageTableCursor(_tables, range.Intersect(new AddressRange(VirtualAddress.Zero, Geometry.UserLimit)));
        while (cursor.MoveToNextLeaf())
            leaves.Add((cursor.SlotStart, cursor.Level, cursor.Entry));
        return leaves;
    }

    /// <summary>The page tables from the root down, as far as they touch one of <paramref name="ranges"/>. A snapshot. Thread-safe.</summary>
    public PageTableSnapshot GetTables(params ReadOnlySpan<AddressRange> ranges)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        return PageTableSnapshot.Of(_tables, ranges);
    }

    /// <summary>Appends all mappings, and all occupied leaves and markers, lowest first: one snapshot into lists that are used again.</summary>
    internal void CopyTo(List<Mapping> mappings, List<LeafSnapshot> leaves)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        for (MappingHandle handle = _mappings.First; handle.Exists; handle = _mappings.Next(handle))
            mappings.Add(_mappings[handle]);
        var cursor = new PageTableCursor(_tables, new AddressRange(VirtualAddress.Zero, Geometry.UserLimit));
        while (cursor.MoveToNextLeaf())
            leaves.Add(new LeafSnapshot(cursor.SlotStart, cursor.Level, cursor.Entry));
    }

    /// <summary>Appends the runs of occupied pages of <paramref name="range"/>, lowest first; adjacent ones are one run.</summary>
    internal void CopyRuns(AddressRange range, List<AddressRange> runs)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        var cursor = new PageTableCursor(_tables, range);
        while (cursor.MoveToNextLeaf())
        {
            AddressRange slot = cursor.Slot;
            if (runs.Count != 0 && runs[^1].End == slot.Start)
                runs[^1] = new AddressRange(runs[^1].Start, slot.End);
            else
                runs.Add(slot);
        }
    }
}
