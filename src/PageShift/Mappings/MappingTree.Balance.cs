using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>The AVL tree itself: links, heights and gaps. Nodes never trade places in the pool, so that handles stay
/// good.</summary>
internal sealed partial class MappingTree
{
    // Puts a filled slot into the tree, right below `next` in address order (0: at the end).
    private void Link(int index, int next)
    {
        ref MappingNode node = ref _nodes[index];
        int previous = next == 0 ? _last : _nodes[next].Previous;
        node.Left = 0;
        node.Right = 0;
        LinkNeighbours(previous, index);
        LinkNeighbours(index, next);

        // Of two neighbours, one lacks the child between them: if `next` has a left subtree, `previous` is its
        // rightmost node.
        if (next != 0 && _nodes[next].Left == 0)
        {
            _nodes[next].Left = index;
            node.Parent = next;
        }
        else if (previous != 0)
        {
            _nodes[previous].Right = index;
            node.Parent = previous;
        }
        else
        {
            _root = index;
            node.Parent = 0;
        }

        Count++;
        _recent = index;
        Update(index);
        RebalanceFrom(node.Parent);
        RaiseGaps(next);
    }

    private void Unlink(int index)
    {
        ref MappingNode node = ref _nodes[index];
        LinkNeighbours(node.Previous, node.Next);

        int lowestChanged;
        if (node.Left == 0 || node.Right == 0)
        {
            lowestChanged = node.Parent;
            ReplaceChild(node.Parent, index, node.Left + node.Right);
        }
        else
        {
            // The neighbour above is the leftmost node of the right subtree; it takes the place.
            int heir = node.Next;
            lowestChanged = heir;
            if (node.Right != heir)
            {
                lowestChanged = _nodes[heir].Parent;
                ReplaceChild(lowestChanged, heir, _nodes[heir].Right);
                AdoptRight(heir, node.Right);
            }

            AdoptLeft(heir, node.Left);
            ReplaceChild(node.Parent, index, heir);
            _nodes[heir].Height = node.Height; // what the place had: RebalanceFrom looks for a change
            _nodes[heir].MaxGap = node.MaxGap;
        }

        Count--;
        RebalanceFrom(lowestChanged);
        RaiseGaps(node.Next);
    }

    private void LinkNeighbours(int previous, int next)
    {
        if (previous == 0)
            _first = next;
        else
            _nodes[previous].Next = next;
        if (next == 0)
            _last = previous;
        else
            _nodes[next].Previous = previous;
    }

    // Restores heights and balance from a node upwards, as far as a subtree's height changes, and raises the bounds of their gaps. What changed below is carried along, not
    // read back from the child that it was just written to: the way up is then as long as its chain of parents, and no longer.
    private void RebalanceFrom(int index)
    {
        MappingNode[] nodes = _nodes;
        int child = 0;
        int childHeight = 0;
        ByteLength childGap = default;
        while (index != 0)
        {
            ref MappingNode node = ref nodes[index];
            int sibling = node.Left;
            if (child == 0)
            {
                child = node.Right; // the first node: both children are read
                childHeight = nodes[child].Height;
                childGap = nodes[child].MaxGap;
            }
            else if (sibling == child)
            {
                sibling = node.Right;
            }

            ref MappingNode other = ref nodes[sibling];
            int parent = node.Parent;
            int height = 1 + Math.Max(childHeight, other.Height);
            ByteLength gap = Longer(Longer(node.MaxGap, other.MaxGap), childGap);
            int top = index;
            int heightBefore = node.Height;
            ByteLength gapBefore = node.MaxGap;
            if (Math.Abs(childHeight - other.Height) > 1)
            {
                top = Rotate(index);
                height = nodes[top].Height;
                gap = nodes[top].MaxGap;
            }
            else
            {
                node.Height = (byte)height;
                node.MaxGap = gap;
            }

            if (height == heightBefore && gap == gapBefore)
                return;
            child = top;
            childHeight = height;
            childGap = gap;
            index = parent;
        }
    }

    // Rotates where one side is two higher; returns the node that is then on top.
    private int Rotate(int index)
    {
        ref MappingNode node = ref _nodes[index];
        if (HeightOf(node.Left) > HeightOf(node.Right))
        {
            if (HeightOf(_nodes[node.Left].Left) < HeightOf(_nodes[node.Left].Right))
                RotateLeft(node.Left);
            return RotateRight(index);
        }

        if (HeightOf(_nodes[node.Right].Right) < HeightOf(_nodes[node.Right].Left))
            RotateRight(node.Right);
        return RotateLeft(index);
    }

    //     index              pivot
    //     /   \              /   \
    //    a   pivot   →   index    c
    //        /   \       /   \
    //       b     c     a     b
    private int RotateLeft(int index)
    {
        int pivot = _nodes[index].Right;
        ReplaceChild(_nodes[index].Parent, index, pivot);
        AdoptRight(index, _nodes[pivot].Left);
        AdoptLeft(pivot, index);
        Update(index);
        Update(pivot);
        return pivot;
    }

    private int RotateRight(int index)
    {
        int pivot = _nodes[index].Left;
        ReplaceChild(_nodes[index].Parent, index, pivot);
        AdoptLeft(index, _nodes[pivot].Right);
        AdoptRight(pivot, index);
        Update(index);
        Update(pivot);
        return pivot;
    }

    private void ReplaceChild(int parent, int child, int substitute)
    {
        if (parent == 0)
            _root = substitute;
        else if (_nodes[parent].Left == child)
            _nodes[parent].Left = substitute;
        else
            _nodes[parent].Right = substitute;
        if (substitute != 0)
            _nodes[substitute].Parent = parent;
    }

    private void AdoptLeft(int parent, int child)
    {
        _nodes[parent].Left = child;
        if (child != 0)
            _nodes[child].Parent = parent;
    }

    private void AdoptRight(int parent, int child)
    {
        _nodes[parent].Right = child;
        if (child != 0)
            _nodes[child].Parent = parent;
    }

    private byte HeightOf(int index) => _nodes[index].Height;

    private void Update(int index)
    {
        ref MappingNode node = ref _nodes[index];
        node.Height = (byte)(1 + Math.Max(HeightOf(node.Left), HeightOf(node.Right)));
        node.MaxGap = LargestGapBound(index);
    }
}
