using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>The mappings of one address space, by address: Linux's tree of VMAs. Finding, inserting, removing,
/// moving a boundary and searching a gap take O(log n) steps; going to a neighbour takes one.</summary>
/// <remarks>
/// <para>An AVL tree over a pool of nodes. Each node knows a bound of the gaps in its subtree, and its neighbours by
/// address. Nothing is allocated while the number of mappings stays below its highest value so far; the pool grows
/// by half.</para>
/// <para>Not thread-safe: the address space's lock guards it. Changes need that lock exclusively. Under the shared
/// lock everything may be read, <see cref="TrySetAnon"/> and <see cref="FindReusableAnon"/> included; only the gap
/// searches, which count their steps, need it exclusively too.</para>
/// <para>Visiting and changing: a handle survives changes to other mappings, so a loop that removes what it visits
/// takes <see cref="Next"/> first. <see cref="Overlapping"/> goes on by address and tolerates any change.</para>
/// </remarks>
internal sealed partial class MappingTree
{
    private const int InitialCapacity = 64;

    // Slot 0 stands for "none": height 0, no gap, never linked to.
    private MappingNode[] _nodes = new MappingNode[InitialCapacity];
    private int _root;
    private int _first;
    private int _last;
    private int _firstFree;
    private int _used = 1;
    private int _recent; // the slot of the mapping made last, which programs ask for most; it may be free by now

    /// <summary>The number of mappings.</summary>
    public int Count { get; private set; }

    /// <summary>The mapping of lowest address, or none.</summary>
    public MappingHandle First => HandleOf(_first);

    /// <summary>The mapping of highest address, or none.</summary>
    public MappingHandle Last => HandleOf(_last);

    /// <summary>The nodes on the longest way down from the root.</summary>
    public int Height => _nodes[_root].Height;

    /// <summary>The mapping named by <paramref name="handle"/>, as it is now.</summary>
    /// <exception cref="InvalidOperationException">The handle names no mapping of this tree; so for every member
    /// that takes a handle.</exception>
    public Mapping this[MappingHandle handle] => Snapshot(IndexOf(handle));

    /// <summary>The mapping above <paramref name="handle"/>'s, or none.</summary>
    public MappingHandle Next(MappingHandle handle) => HandleOf(NodeOf(handle).Next);

    /// <summary>The mapping below <paramref name="handle"/>'s, or none.</summary>
    public MappingHandle Previous(MappingHandle handle) => HandleOf(NodeOf(handle).Previous);

    /// <summary>The addresses of a mapping.</summary>
    public AddressRange RangeOf(MappingHandle handle)
    {
        ref MappingNode node = ref NodeOf(handle);
        return new AddressRange(node.Start, node.End);
    }

    /// <summary>The ceiling where no mapping stands above: every table may go.</summary>
    public static VirtualAddress NoCeiling => new(ulong.MaxValue);

    /// <summary>What a mapping and the free space around it take up: from the end of the mapping below (0 when it is the lowest) to the start of the one above
    /// (<paramref name="ceiling"/> when it is the highest). <paramref name="ignored"/> counts as free when it is one of the two.</summary>
    public AddressRange FreeAround(MappingHandle handle, VirtualAddress ceiling, MappingHandle ignored = default)
    {
        ref MappingNode node = ref NodeOf(handle);
        int below = node.Previous;
        int above = node.Next;
        if (ignored.Exists && below == ignored.Index)
            below = _nodes[below].Previous;
        if (ignored.Exists && above == ignored.Index)
            above = _nodes[above].Next;
        return new AddressRange(EndOf(below), above == 0 ? ceiling : _nodes[above].Start);
    }

    /// <summary>The end of the mapping below <paramref name="handle"/>; 0 when there is none.</summary>
    public VirtualAddress EndBelow(MappingHandle handle)
    {
        MappingHandle below = Previous(handle);
        return below.IsNone ? VirtualAddress.Zero : RangeOf(below).End;
    }

    /// <summary>The same, where none stands for what is above the highest.</summary>
    public VirtualAddress EndBelowOrLast(MappingHandle handle)
    {
        MappingHandle below = handle.IsNone ? Last : Previous(handle);
        return below.IsNone ? VirtualAddress.Zero : RangeOf(below).End;
    }

    /// <summary>Where the mapping above <paramref name="handle"/> starts; <see cref="NoCeiling"/> when there is none.</summary>
    public VirtualAddress StartAbove(MappingHandle handle) => StartOf(Next(handle));

    /// <summary>Where a mapping starts; <see cref="NoCeiling"/> for none.</summary>
    public VirtualAddress StartOf(MappingHandle handle) => handle.IsNone ? NoCeiling : RangeOf(handle).Start;

    /// <summary>The flags of a mapping.</summary>
    public VmFlags FlagsOf(MappingHandle handle) => NodeOf(handle).Flags;

    /// <summary>The open file that a mapping shows, or null.</summary>
    public OpenFile? FileOf(MappingHandle handle) => NodeOf(handle).File;

    /// <summary>The identity of a mapping's private pages.</summary>
    public AnonIdentity AnonOf(MappingHandle handle) => AnonOf(IndexOf(handle));

    /// <summary>True when the mapping that <paramref name="handle"/> names is still in the tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(MappingHandle handle) =>
        (uint)handle.Index < (uint)_nodes.Length
        && _nodes[handle.Index].Height != 0
        && _nodes[handle.Index].Generation == handle.Generation;

    /// <summary>The mapping that contains <paramref name="address"/>, or none.</summary>
    public MappingHandle Find(VirtualAddress address)
    {
        int found = IndexOfFirstEndingAbove(address);
        return found != 0 && _nodes[found].Start <= address ? HandleOf(found) : MappingHandle.None;
    }

    /// <summary>The lowest mapping whose end is above <paramref name="address"/>, or none: it contains the address
    /// or is the next one. Linux's <c>find_vma</c>.</summary>
    public MappingHandle FindFirstEndingAbove(VirtualAddress address) => HandleOf(IndexOfFirstEndingAbove(address));

    /// <summary>True when a mapping has an address in <paramref name="range"/>.</summary>
    public bool AnyOverlaps(AddressRange range)
    {
        int found = IndexOfFirstEndingAbove(range.Start);
        return found != 0 && !range.IsEmpty && _nodes[found].Start < range.End;
    }

    /// <summary>Visits the mappings that have an address in <paramref name="range"/>, ascending, without
    /// allocation, in O(log n) steps each. See <see cref="OverlapEnumerator"/> on changes while visiting.</summary>
    public OverlapEnumerator Overlapping(AddressRange range) => new(this, range);

    /// <summary>Adds a mapping as it is, without merging.</summary>
    /// <returns>The new mapping.</returns>
    /// <exception cref="ArgumentException">The range is empty, not page aligned, or overlaps a mapping.</exception>
    public MappingHandle Insert(in Mapping mapping)
    {
        return InsertBelow(mapping, NeighbourAbove(mapping.Range));
    }

    // Adds a mapping right below `next` in address order (0: at the end), where its range was found fit and free.
    private MappingHandle InsertBelow(in Mapping mapping, int next)
    {
        int index = TakeSlot();
        ref MappingNode node = ref _nodes[index];
        node.Start = mapping.Start;
        node.End = mapping.End;
        node.PageOffset = mapping.PageOffset;
        node.Anon = mapping.Anon.Packed;
        node.File = mapping.File;
        node.Flags = mapping.Flags;
        node.File?.Object.AddHolder();
        Link(index, next);
        return HandleOf(index);
    }

    /// <summary>Takes a mapping out. Its handle is no longer good; all others are.</summary>
    public void Remove(MappingHandle handle)
    {
        int index = IndexOf(handle);
        Unlink(index);
        GiveSlotBack(index);
    }

    /// <summary>Moves the start, up or down; every page that stays keeps its place in the object.</summary>
    /// <exception cref="ArgumentException">The mapping would be empty, not page aligned, or overlap its
    /// neighbour.</exception>
    /// <exception cref="OverflowException">The object would have to start before its page 0.</exception>
    public void SetStart(MappingHandle handle, VirtualAddress start)
    {
        ref MappingNode node = ref NodeOf(handle);
        PageCount offset = start < node.Start
            ? node.PageOffset - (node.Start - start).WholePages
            : node.PageOffset + (start - node.Start).WholePages;
        SetRange(handle, CheckedRange(start, node.End), offset);
    }

    /// <summary>Moves the end, up or down.</summary>
    /// <exception cref="ArgumentException">The mapping would be empty, not page aligned, or overlap its
    /// neighbour.</exception>
    public void SetEnd(MappingHandle handle, VirtualAddress end)
    {
        ref MappingNode node = ref NodeOf(handle);
        SetRange(handle, CheckedRange(node.Start, end), node.PageOffset);
    }

    /// <summary>Gives a mapping another range and place in its object, between the same neighbours.</summary>
    /// <exception cref="ArgumentException">The range is empty, not page aligned, or overlaps a neighbour.</exception>
    public void SetRange(MappingHandle handle, AddressRange range, PageCount pageOffset)
    {
        int index = IndexOf(handle);
        ref MappingNode node = ref _nodes[index];
        ThrowIfUnfit(range);
        if (range.Start < EndOf(node.Previous) || (node.Next != 0 && range.End > _nodes[node.Next].Start))
            throw new ArgumentException($"The range {range} overlaps a neighbour of {node.Start}.", nameof(range));
        node.Start = range.Start;
        node.End = range.End;
        node.PageOffset = pageOffset;
        RaiseGaps(index);
        RaiseGaps(node.Next);
    }

    /// <summary>Sets the flags of a whole mapping, without merging.</summary>
    public void SetFlags(MappingHandle handle, VmFlags flags) => NodeOf(handle).Flags = flags;

    /// <summary>Sets or clears the identity of a mapping's private pages.</summary>
    public void SetAnon(MappingHandle handle, AnonIdentity anon) => Volatile.Write(ref NodeOf(handle).Anon, anon.Packed);

    /// <summary>Gives a mapping an identity if it has none. May be called under the shared lock, by several faults
    /// at once: one of them succeeds.</summary>
    /// <returns>True when this call set it; false when there was one already, which stays.</returns>
    public bool TrySetAnon(MappingHandle handle, AnonIdentity anon) =>
        Interlocked.CompareExchange(ref NodeOf(handle).Anon, anon.Packed, 0) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int IndexOf(MappingHandle handle)
    {
        if (!Contains(handle))
            ThrowStale(handle);
        return handle.Index;
    }

    [DoesNotReturn]
    private static void ThrowStale(MappingHandle handle) => throw new InvalidOperationException(handle.IsNone
        ? "The handle names no mapping."
        : "The mapping that the handle named is no longer in the tree.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref MappingNode NodeOf(MappingHandle handle) => ref _nodes[IndexOf(handle)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MappingHandle HandleOf(int index) =>
        index == 0 ? MappingHandle.None : new MappingHandle(index, _nodes[index].Generation);

    private AnonIdentity AnonOf(int index) => AnonIdentity.FromPacked(Volatile.Read(ref _nodes[index].Anon));

    private VirtualAddress EndOf(int index) => _nodes[index].End;

    private Mapping Snapshot(int index)
    {
        ref MappingNode node = ref _nodes[index];
        return new Mapping(new AddressRange(node.Start, node.End), node.Flags, node.File, node.PageOffset, AnonOf(index));
    }

    private int IndexOfFirstEndingAbove(VirtualAddress address)
    {
        MappingNode[] nodes = _nodes;
        ref MappingNode recent = ref nodes[_recent]; // when it is free its end is 0
        if (recent.End > address && nodes[recent.Previous].End <= address)
            return _recent;
        if (nodes[_last].End <= address)
            return 0; // above all, where the search would go all the way down
        int found = 0;
        for (int at = _root; at != 0;)
        {
            ref MappingNode node = ref nodes[at];
            if (node.End > address)
            {
                found = at;
                at = node.Left;
            }
            else
            {
                at = node.Right;
            }
        }

        return found;
    }

    // The neighbour above a range that is about to be filled, or 0; the range must be fit and free.
    private int NeighbourAbove(AddressRange range)
    {
        ThrowIfUnfit(range);
        int next = IndexOfFirstEndingAbove(range.Start);
        if (next != 0 && _nodes[next].Start < range.End)
            throw new ArgumentException($"The range {range} overlaps the mapping at {_nodes[next].Start}.", nameof(range));
        return next;
    }

    private static AddressRange CheckedRange(VirtualAddress start, VirtualAddress end) => end > start
        ? new AddressRange(start, end)
        : throw new ArgumentException($"A mapping from {start} to {end} would be empty.");

    private static void ThrowIfUnfit(AddressRange range)
    {
        if (range.IsEmpty || !range.Start.IsPageAligned || !range.End.IsPageAligned)
            throw new ArgumentException($"A mapping is some whole pages; {range} is not.", nameof(range));
    }

    private int TakeSlot()
    {
        int index = _firstFree;
        if (index != 0)
        {
            _firstFree = _nodes[index].Next;
            return index;
        }

        // By half, not to double: with 80 bytes a node that is at most 120 bytes a mapping.
        if (_used == _nodes.Length)
            Array.Resize(ref _nodes, _nodes.Length + (_nodes.Length / 2));
        return _used++;
    }

    private void GiveSlotBack(int index)
    {
        uint generation = _nodes[index].Generation;
        _nodes[index].File?.Object.RemoveHolder();
        _nodes[index] = new MappingNode { Generation = unchecked(generation + 1), Next = _firstFree };
        _firstFree = index;
    }
}
