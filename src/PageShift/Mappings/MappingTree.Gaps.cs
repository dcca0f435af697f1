using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>The search for free ranges. The gap before a mapping is what lies between the end of its lower neighbour
/// and its own start; the gap after the last mapping belongs to no node. A mapping that grows down keeps a guard gap
/// below itself.</summary>
/// <remarks>Each node has an upper bound of the gaps in its subtree. A gap that grows raises the bounds above it, as far as they are lower; one that shrinks leaves them as they are, and
/// the next search that they lead astray lowers them on its way back. So a search takes O(log n) steps, and O(log n) more for each gap that has shrunk since: paid once.</remarks>
internal sealed partial class MappingTree
{
    /// <summary>The guard gap below a mapping that grows down: Linux's default of 256 pages.</summary>
    public static readonly ByteLength GuardGap = ByteLength.FromPages(new PageCount(256));

    /// <summary>How many nodes the last gap search looked at; what its bound is tested on.</summary>
    public int GapSearchSteps { get; private set; }

    /// <summary>The lowest address that a search or a hint must leave free for <paramref name="handle"/>'s mapping:
    /// its start, less the guard gap if it grows down.</summary>
    public VirtualAddress GuardedStartOf(MappingHandle handle) => GuardedStart(IndexOf(handle));

    /// <summary>The top of the highest gap that holds <paramref name="length"/> bytes in [<paramref name="low"/>,
    /// <paramref name="high"/>), as Linux finds it: when the range would lie in a guard gap, the search starts again
    /// with that guard gap's lower end as its limit. It thus passes over whatever else is free between there and the
    /// mapping that grows down.</summary>
    /// <param name="length">The bytes wanted, some whole pages.</param>
    /// <param name="low">The lowest address allowed, page aligned.</param>
    /// <param name="high">The end of what is allowed, page aligned.</param>
    /// <returns>The address, or null when there is none; in O(log n) steps for each start of the search.</returns>
    public VirtualAddress? FindGapTopDown(ByteLength length, VirtualAddress low, VirtualAddress high)
    {
        StartGapSearch(length);
        while (TryFindHighestGap(length, low, high, out int above, out VirtualAddress ceiling))
        {
            if (above == 0 || GuardedStart(above) >= ceiling)
                return ceiling - length;
            high = GuardedStart(above);
        }

        return null;
    }

    /// <summary>The bottom of the lowest gap that holds <paramref name="length"/> bytes in [<paramref name="low"/>,
    /// <paramref name="high"/>) clear of the guard gap above it.</summary>
    /// <returns>The address, or null when there is none; in O(log n) steps for each mapping passed over for its
    /// guard gap.</returns>
    public VirtualAddress? FindGapBottomUp(ByteLength length, VirtualAddress low, VirtualAddress high)
    {
        StartGapSearch(length);
        while (high > low && high - low >= length)
        {
            // The gap that contains `low` or starts there is cut at it; the others are whole.
            int above = IndexOfFirstEndingAbove(low);
            if (above != 0 && !Holds(low, _nodes[above].Start, length))
                above = FirstWithGap(_nodes[above].Next, length);
            VirtualAddress floor = VirtualAddress.Max(low, EndOf(above == 0 ? _last : _nodes[above].Previous));
            if (!Holds(floor, high, length))
                return null;
            if (above == 0 || Holds(floor, GuardedStart(above), length))
                return floor;
            low = EndOf(above);
        }

        return null;
    }

    /// <summary>The highest free range of <paramref name="length"/> bytes in [<paramref name="low"/>,
    /// <paramref name="high"/>), clear of the guard gap above it, whose address is <paramref name="residue"/> modulo
    /// <paramref name="span"/>.</summary>
    /// <param name="length">The bytes wanted, some whole pages.</param>
    /// <param name="low">The lowest address allowed, page aligned.</param>
    /// <param name="high">The end of what is allowed, page aligned.</param>
    /// <param name="residue">A multiple of the page size below <paramref name="span"/>.</param>
    /// <param name="span">A power of two, at least a page.</param>
    /// <returns>Its address, or null when there is none; in O(log n) steps for each gap that is long enough and yet
    /// holds no such address.</returns>
    public VirtualAddress? FindCongruentGap(
        ByteLength length, VirtualAddress low, VirtualAddress high, ByteLength residue, ByteLength span)
    {
        StartGapSearch(length);
        while (TryFindHighestGap(length, low, high, out int above, out VirtualAddress ceiling))
        {
            int below = above == 0 ? _last : _nodes[above].Previous;
            VirtualAddress floor = VirtualAddress.Max(low, EndOf(below));
            VirtualAddress clear = above == 0 ? ceiling : VirtualAddress.Min(ceiling, GuardedStart(above));
            if (TopPlace(length, floor, clear, residue, span) is { } place)
                return place;
            if (below == 0)
                return null;
            high = _nodes[below].Start;
        }

        return null;
    }

    // The highest gap of `length` bytes within the limits, guard gaps not considered: the mapping above it (0: none)
    // and its end.
    private bool TryFindHighestGap(
        ByteLength length, VirtualAddress low, VirtualAddress high, out int above, out VirtualAddress ceiling)
    {
        // The gap that contains `high` or ends there is cut at it; the others are whole.
        above = IndexOfFirstEndingAbove(high);
        ceiling = above == 0 ? high : VirtualAddress.Min(high, _nodes[above].Start);
        int below = above == 0 ? _last : _nodes[above].Previous;
        if (Holds(VirtualAddress.Max(low, EndOf(below)), ceiling, length))
            return true;
        above = LastWithGap(below, length);
        ceiling = _nodes[above].Start;
        return above != 0 && Holds(low, ceiling, length);
    }

    private void StartGapSearch(ByteLength length)
    {
        if (length == ByteLength.Zero || !length.IsPageAligned)
            throw new ArgumentException($"A gap of {length} bytes is not some whole pages.", nameof(length));
        GapSearchSteps = 0;
    }

    /// <summary>The free bytes before a node.</summary>
    private ByteLength GapBefore(int index) => _nodes[index].Start - EndOf(_nodes[index].Previous);

    private VirtualAddress GuardedStart(int index)
    {
        ref MappingNode node = ref _nodes[index];
        if ((node.Flags & VmFlags.GrowsDown) == 0)
            return node.Start;
        return node.Start > VirtualAddress.Zero + GuardGap ? node.Start - GuardGap : VirtualAddress.Zero;
    }

    // No less than any gap in the subtree.
    private ByteLength LargestGapBound(int index)
    {
        ref MappingNode node = ref _nodes[index];
        return Longer(GapBefore(index), Longer(_nodes[node.Left].MaxGap, _nodes[node.Right].MaxGap));
    }

    // Tells the subtrees that contain a node that its gap may have grown.
    private void RaiseGaps(int index)
    {
        if (index == 0)
            return;
        ByteLength gap = GapBefore(index);
        for (; index != 0 && _nodes[index].MaxGap < gap; index = _nodes[index].Parent)
            _nodes[index].MaxGap = gap;
    }

    // The highest node, from the given one downwards in address order, that has `length` free bytes before it.
    private int LastWithGap(int index, ByteLength length)
    {
        while (index != 0)
        {
            GapSearchSteps++;
            if (GapBefore(index) >= length)
                return index;
            if (LastWithGapBelow(_nodes[index].Left, length) is var found && found != 0)
                return found;
            while (_nodes[index].Parent is var parent && parent != 0 && _nodes[parent].Left == index)
            {
                GapSearchSteps++;
                index = parent;
            }

            index = _nodes[index].Parent;
        }

        return 0;
    }

    // The same within a subtree.
    private int LastWithGapBelow(int top, ByteLength length)
    {
        int index = top;
        while (_nodes[index].MaxGap >= length)
        {
            GapSearchSteps++;
            ref MappingNode node = ref _nodes[index];
            if (_nodes[node.Right].MaxGap >= length)
                index = node.Right;
            else if (GapBefore(index) >= length)
                return index;
            else if (_nodes[node.Left].MaxGap >= length)
                index = node.Left;
            else
                index = LowerGapBound(index, top);
        }

        return 0;
    }

    private int FirstWithGap(int index, ByteLength length)
    {
        while (index != 0)
        {
            GapSearchSteps++;
            if (GapBefore(index) >= length)
                return index;
            if (FirstWithGapBelow(_nodes[index].Right, length) is var found && found != 0)
                return found;
            while (_nodes[index].Parent is var parent && parent != 0 && _nodes[parent].Right == index)
            {
                GapSearchSteps++;
                index = parent;
            }

            index = _nodes[index].Parent;
        }

        return 0;
    }

    private int FirstWithGapBelow(int top, ByteLength length)
    {
        int index = top;
        while (_nodes[index].MaxGap >= length)
        {
            GapSearchSteps++;
            ref MappingNode node = ref _nodes[index];
            if (_nodes[node.Left].MaxGap >= length)
                index = node.Left;
            else if (GapBefore(index) >= length)
                return index;
            else if (_nodes[node.Right].MaxGap >= length)
                index = node.Right;
            else
                index = LowerGapBound(index, top);
        }

        return 0;
    }

    // Lowers the bound of a node that holds less than it said, and goes back up, as far as `top`.
    private int LowerGapBound(int index, int top)
    {
        _nodes[index].MaxGap = LargestGapBound(index);
        return index == top ? top : _nodes[index].Parent;
    }

    private static VirtualAddress? TopPlace(
        ByteLength length, VirtualAddress floor, VirtualAddress ceiling, ByteLength residue, ByteLength span)
    {
        if (!Holds(floor, ceiling, length))
            return null;
        VirtualAddress top = ceiling - length;
        ByteLength aboveResidue = (top - (VirtualAddress.Zero + residue)).OffsetIn(span);
        return aboveResidue <= top - floor ? top - aboveResidue : null;
    }

    private static bool Holds(VirtualAddress floor, VirtualAddress ceiling, ByteLength length) =>
        ceiling >= floor && ceiling - floor >= length;

    private static ByteLength Longer(ByteLength one, ByteLength other) => one > other ? one : other;
}
