using PageShift.Abi;

namespace PageShift.Mappings;

/// <summary>The search for free ranges. The gap before a mapping is what lies between the end of its lower neighbour
/// and its own start, less the guard gap that a mapping that grows down keeps below itself. The gap after the last
/// mapping belongs to no node.</summary>
internal sealed partial class MappingTree
{
    /// <summary>The guard gap below a mapping that grows down: Linux's default of 256 pages.</summary>
    public const ulong GuardGapBytes = 256 * PageSize.Bytes;

    /// <summary>How many nodes the last gap search looked at; what its bound is tested on.</summary>
    public int GapSearchSteps { get; private set; }

    /// <summary>The lowest address that a search or a hint must leave free for <paramref name="handle"/>'s mapping:
    /// its start, less the guard gap if it grows down.</summary>
    public VirtualAddress GuardedStartOf(MappingHandle handle) => GuardedStart(IndexOf(handle));

    /// <summary>The highest free range of <paramref name="length"/> bytes in [<paramref name="low"/>,
    /// <paramref name="high"/>) whose address is <paramref name="residue"/> modulo <paramref name="span"/>.</summary>
    /// <param name="length">The bytes wanted, some whole pages.</param>
    /// <param name="low">The lowest address allowed, page aligned.</param>
    /// <param name="high">The end of what is allowed, page aligned.</param>
    /// <param name="span">A power of two, at least a page.</param>
    /// <param name="residue">A multiple of the page size below <paramref name="span"/>.</param>
    /// <returns>Its address, or null when there is none. With a span of one page the search takes O(log n) steps;
    /// otherwise that for each gap that is long enough and yet holds no such address.</returns>
    public VirtualAddress? FindGapTopDown(
        ByteLength length,
        VirtualAddress low,
        VirtualAddress high,
        ulong span = PageSize.Bytes,
        ulong residue = 0)
    {
        ThrowIfUnfit(length);
        GapSearchSteps = 0;
        if (high <= low || high - low < length)
            return null;

        // The gap that contains `high` or ends there is cut at it; the others are whole.
        int above = IndexOfFirstEndingAbove(high);
        VirtualAddress ceiling = above == 0 ? high : Lower(high, GuardedStart(above));
        int below = above == 0 ? _last : _nodes[above].Previous;
        VirtualAddress floor = Higher(low, EndOf(below));
        if (TopPlace(length, floor, ceiling, span, residue) is { } place)
            return place;

        for (int at = LastWithGap(below, length); at != 0; at = LastWithGap(_nodes[at].Previous, length))
        {
            ceiling = GuardedStart(at);
            if (ceiling < low || ceiling - low < length)
                return null;
            floor = Higher(low, EndOf(_nodes[at].Previous));
            if (TopPlace(length, floor, ceiling, span, residue) is { } lowerPlace)
                return lowerPlace;
        }

        return null;
    }

    /// <summary>The lowest free range of <paramref name="length"/> bytes in [<paramref name="low"/>,
    /// <paramref name="high"/>), in O(log n) steps.</summary>
    /// <returns>Its address, or null when there is none.</returns>
    public VirtualAddress? FindGapBottomUp(ByteLength length, VirtualAddress low, VirtualAddress high)
    {
        ThrowIfUnfit(length);
        GapSearchSteps = 0;
        if (high <= low || high - low < length)
            return null;

        // The gap that contains `low` or starts there is cut at it; the others are whole.
        int at = IndexOfFirstEndingAbove(low);
        if (at != 0 && (GuardedStart(at) < low || GuardedStart(at) - low < length))
            at = FirstWithGap(_nodes[at].Next, length);
        VirtualAddress floor = Higher(low, EndOf(at == 0 ? _last : _nodes[at].Previous));
        return floor <= high && high - floor >= length ? floor : null;
    }

    /// <summary>The free bytes before a node, up to its guarded start.</summary>
    private ByteLength GapBefore(int index)
    {
        VirtualAddress floor = EndOf(_nodes[index].Previous);
        VirtualAddress ceiling = GuardedStart(index);
        return ceiling > floor ? ceiling - floor : default;
    }

    private VirtualAddress GuardedStart(int index)
    {
        ref MappingNode node = ref _nodes[index];
        if ((node.Flags & VmFlags.GrowsDown) == 0)
            return node.Start;
        return node.Start.Value > GuardGapBytes ? new VirtualAddress(node.Start.Value - GuardGapBytes) : VirtualAddress.Zero;
    }

    private ByteLength LargestGap(int index)
    {
        ref MappingNode node = ref _nodes[index];
        return Longer(GapBefore(index), Longer(_nodes[node.Left].MaxGap, _nodes[node.Right].MaxGap));
    }

    // Tells the subtrees that contain a node that its gap may have changed.
    private void RefreshGaps(int index)
    {
        while (index != 0)
        {
            ByteLength largest = LargestGap(index);
            if (largest == _nodes[index].MaxGap)
                return;
            _nodes[index].MaxGap = largest;
            index = _nodes[index].Parent;
        }
    }

    // The highest node, from the given one downwards in address order, that has `length` free bytes before it.
    private int LastWithGap(int index, ByteLength length)
    {
        while (index != 0)
        {
            GapSearchSteps++;
            if (GapBefore(index) >= length)
                return index;
            if (_nodes[_nodes[index].Left].MaxGap >= length)
                return LastWithGapBelow(_nodes[index].Left, length);
            while (_nodes[index].Parent is var parent && parent != 0 && _nodes[parent].Left == index)
            {
                GapSearchSteps++;
                index = parent;
            }

            index = _nodes[index].Parent;
        }

        return 0;
    }

    // The same within a subtree that is known to have such a node.
    private int LastWithGapBelow(int index, ByteLength length)
    {
        while (true)
        {
            GapSearchSteps++;
            ref MappingNode node = ref _nodes[index];
            if (_nodes[node.Right].MaxGap >= length)
                index = node.Right;
            else if (GapBefore(index) >= length)
                return index;
            else
                index = node.Left;
        }
    }

    private int FirstWithGap(int index, ByteLength length)
    {
        while (index != 0)
        {
            GapSearchSteps++;
            if (GapBefore(index) >= length)
                return index;
            if (_nodes[_nodes[index].Right].MaxGap >= length)
                return FirstWithGapBelow(_nodes[index].Right, length);
            while (_nodes[index].Parent is var parent && parent != 0 && _nodes[parent].Right == index)
            {
                GapSearchSteps++;
                index = parent;
            }

            index = _nodes[index].Parent;
        }

        return 0;
    }

    private int FirstWithGapBelow(int index, ByteLength length)
    {
        while (true)
        {
            GapSearchSteps++;
            ref MappingNode node = ref _nodes[index];
            if (_nodes[node.Left].MaxGap >= length)
                index = node.Left;
            else if (GapBefore(index) >= length)
                return index;
            else
                index = node.Right;
        }
    }

    private static VirtualAddress? TopPlace(
        ByteLength length, VirtualAddress floor, VirtualAddress ceiling, ulong span, ulong residue)
    {
        if (ceiling < floor || ceiling - floor < length)
            return null;
        VirtualAddress top = ceiling - length;
        ulong aboveResidue = unchecked(top.Value - residue) & (span - 1);
        return aboveResidue <= (top - floor).Value ? new VirtualAddress(top.Value - aboveResidue) : null;
    }

    private static void ThrowIfUnfit(ByteLength length)
    {
        if (length.Value == 0 || !length.IsPageAligned)
            throw new ArgumentException($"A gap of {length} bytes is not some whole pages.", nameof(length));
    }

    private static VirtualAddress Lower(VirtualAddress one, VirtualAddress other) => one < other ? one : other;

    private static VirtualAddress Higher(VirtualAddress one, VirtualAddress other) => one > other ? one : other;

    private static ByteLength Longer(ByteLength one, ByteLength other) => one > other ? one : other;
}
