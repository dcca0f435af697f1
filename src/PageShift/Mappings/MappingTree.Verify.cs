namespace PageShift.Mappings;

/// <summary>The check of the tree's own invariants.</summary>
internal sealed partial class MappingTree
{
    /// <summary>Checks everything that the tree promises of itself: order, disjointness, page alignment, links,
    /// balance, heights, bounds of the gaps and the count. O(n); for tests.</summary>
    /// <exception cref="InvalidOperationException">Something does not hold; the message says what and where.</exception>
    public void Verify()
    {
        int visited = 0;
        int previous = 0;
        VerifySubtree(_root, 0, ref previous, ref visited);
        Require(previous == _last, _last, "is kept as the last mapping and is not");
        Require(_last == 0 || _nodes[_last].Next == 0, _last, "is last and has a next mapping");
        Require(visited == Count, _root, $"is the root of {visited} mappings, not the counted {Count}");
        VerifyFreeSlots();
    }

    private void VerifySubtree(int index, int parent, ref int previous, ref int visited)
    {
        if (index == 0)
            return;
        ref MappingNode node = ref _nodes[index];
        Require(node.Parent == parent, index, "does not know its parent");
        VerifySubtree(node.Left, index, ref previous, ref visited);

        visited++;
        Require(node.Start < node.End, index, "is empty");
        Require(node.Start.IsPageAligned && node.End.IsPageAligned, index, "is not page aligned");
        Require(node.Start >= EndOf(previous), index, "overlaps or precedes the mapping before it");
        Require(node.Previous == previous, index, "does not know its previous mapping");
        Require((previous == 0 ? _first : _nodes[previous].Next) == index, index, "is not known to its previous mapping");
        previous = index;

        VerifySubtree(node.Right, index, ref previous, ref visited);
        int left = HeightOf(node.Left);
        int right = HeightOf(node.Right);
        Require(Math.Abs(left - right) <= 1, index, "is out of balance");
        Require(node.Height == 1 + Math.Max(left, right), index, "has a wrong height");
        Require(node.MaxGap >= LargestGapBound(index), index, "has too low a bound of the gaps in its subtree");
    }

    private void VerifyFreeSlots()
    {
        int free = 0;
        for (int slot = _firstFree; slot != 0; slot = _nodes[slot].Next)
        {
            Require(_nodes[slot].Height == 0 && _nodes[slot].File is null, slot, "is free and not blank");
            Require(++free <= _used, slot, "is on a free list that does not end");
        }

        Require(free + Count + 1 == _used, 0, $"is left over: {_used} slots are not {Count} mappings and {free} free");
    }

    private void Require(bool holds, int index, string what)
    {
        if (!holds)
            throw new InvalidOperationException($"The mapping {Snapshot(index)} (slot {index}) {what}.");
    }
}
