using System.Runtime.InteropServices;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>A set of addresses, as ranges that do not touch, lowest first.</summary>
/// <remarks>Not thread-safe. Finding takes O(log n) steps by the number of ranges; adding moves those above.</remarks>
internal sealed class AddressRangeSet
{
    private readonly List<AddressRange> _ranges = [];

    /// <summary>True when no address is in it.</summary>
    internal bool IsEmpty => _ranges.Count == 0;

    /// <summary>Takes all out.</summary>
    internal void Clear() => _ranges.Clear();

    /// <summary>Its ranges that have an address in common with another. Good until the set changes.</summary>
    internal ReadOnlySpan<AddressRange> Overlapping(AddressRange range)
    {
        int first = FirstEndingAtOrAbove(range.Start);
        if (first < _ranges.Count && _ranges[first].End == range.Start)
            first++;
        int end = first;
        while (end < _ranges.Count && _ranges[end].Start < range.End)
            end++;
        return CollectionsMarshal.AsSpan(_ranges)[first..end];
    }

    /// <summary>The highest range that begins below an address; empty for none.</summary>
    internal AddressRange LastBelow(VirtualAddress address)
    {
        int i = FirstEndingAtOrAbove(address);
        if (i == _ranges.Count || _ranges[i].Start >= address)
            i--;
        return i < 0 ? default : _ranges[i];
    }

    /// <summary>The lowest range that begins at an address or above; empty for none.</summary>
    internal AddressRange FirstFrom(VirtualAddress address)
    {
        int i = FirstEndingAtOrAbove(address);
        if (i < _ranges.Count && _ranges[i].Start < address)
            i++;
        return i < _ranges.Count ? _ranges[i] : default;
    }

    /// <summary>Takes a range out.</summary>
    internal void Remove(AddressRange range)
    {
        for (int i = FirstEndingAtOrAbove(range.Start); i < _ranges.Count && _ranges[i].Start < range.End;)
        {
            AddressRange old = _ranges[i];
            _ranges.RemoveAt(i);
            if (old.Start < range.Start)
                _ranges.Insert(i++, new AddressRange(old.Start, VirtualAddress.Min(old.End, range.Start)));
            if (old.End > range.End)
                _ranges.Insert(i++, new AddressRange(range.End, old.End));
        }
    }

    /// <summary>Adds to another set what this one has of a range.</summary>
    internal void CopyTo(AddressRangeSet other, AddressRange range)
    {
        for (int i = FirstEndingAtOrAbove(range.Start); i < _ranges.Count && _ranges[i].Start < range.End; i++)
            other.Add(_ranges[i].Intersect(range));
    }

    /// <summary>Copies the ranges of another set.</summary>
    internal void CopyFrom(AddressRangeSet other)
    {
        _ranges.Clear();
        _ranges.AddRange(other._ranges);
    }

    /// <summary>Adds a range; what touches it becomes one with it.</summary>
    internal void Add(AddressRange range)
    {
        if (range.IsEmpty)
            return;
        int first = FirstEndingAtOrAbove(range.Start);
        int end = first;
        while (end < _ranges.Count && _ranges[end].Start <= range.End)
            end++;
        if (end == first)
        {
            _ranges.Insert(first, range);
            return;
        }

        _ranges[first] = new AddressRange(VirtualAddress.Min(range.Start, _ranges[first].Start), VirtualAddress.Max(range.End, _ranges[end - 1].End));
        _ranges.RemoveRange(first + 1, end - first - 1);
    }

    /// <summary>The lowest part of <paramref name="range"/> that is not in the set; empty when all of it is.</summary>
    internal AddressRange FirstOutside(AddressRange range)
    {
        VirtualAddress at = range.Start;
        for (int i = FirstEndingAtOrAbove(at); i < _ranges.Count && _ranges[i].Start < range.End; i++)
        {
            if (_ranges[i].Start > at)
                return new AddressRange(at, _ranges[i].Start);
            at = VirtualAddress.Max(at, _ranges[i].End);
        }

        return at < range.End ? new AddressRange(at, range.End) : default;
    }

    private int FirstEndingAtOrAbove(VirtualAddress address)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End < address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
