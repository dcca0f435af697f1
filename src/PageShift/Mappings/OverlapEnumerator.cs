using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>Visits the mappings of a tree that have an address in a range, ascending. It remembers an address, not a
/// node: what it goes to next is the lowest mapping that then has an address at or above the end that the last
/// visited mapping had. So the visited mapping, or any other, may be removed, split, merged or moved meanwhile.</summary>
internal struct OverlapEnumerator
{
    private readonly MappingTree _tree;
    private readonly VirtualAddress _end;
    private VirtualAddress _resume;

    internal OverlapEnumerator(MappingTree tree, AddressRange range)
    {
        _tree = tree;
        _resume = range.Start;
        _end = range.End;
    }

    /// <summary>The mapping visited.</summary>
    public MappingHandle Current { get; private set; }

    /// <summary>This enumerator, for foreach.</summary>
    public readonly OverlapEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next mapping.</summary>
    /// <returns>False when there is none left.</returns>
    public bool MoveNext()
    {
        Current = _resume < _end ? _tree.FindFirstEndingAbove(_resume) : MappingHandle.None;
        if (Current.IsNone)
            return false;
        AddressRange range = _tree.RangeOf(Current);
        if (range.Start >= _end)
        {
            Current = MappingHandle.None;
            return false;
        }

        _resume = range.End;
        return true;
    }
}
