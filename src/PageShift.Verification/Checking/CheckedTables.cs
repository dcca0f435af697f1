using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Verification.Checking;

/// <summary>Page tables of a small world without an address space around them. A population is put in, a move planned and executed, and everything that must hold afterwards is compared.</summary>
/// <remarks>The oracle is an array from page to entry, moved page by page. Not thread-safe.</remarks>
internal sealed class CheckedTables : IDisposable
{
    private const ulong CapacityBytes = 64UL << 20;

    // Data frames are only numbers here: planner and mover never ask what is in one. They are multiples of a leaf's frames, and numbers of frames that exist, though they are never allocated:
    // a faulty mover that takes one for a table finds an empty frame.
    private const ulong FirstFrame = 1UL << 13;

    private readonly MovePlan _planToExecute = new(isShown: false);
    private readonly CheckWorld _world;
    private readonly PagingGeometry _geometry;
    private readonly PageTableTree _tables;
    private readonly MovePlanner _planner;
    private readonly PageTableMover _mover;
    private readonly List<PopulatedLeaf> _leaves = [];

    // By page: the entry as a leaf of the lowest level has it; 0 for none.
    private readonly ulong[] _entries;
    private readonly ulong[] _expected;
    private readonly ulong[] _actual;

    // The same population seen otherwise: occupied pages below each page, and the nearest occupied page below or above.
    private readonly bool[] _isOccupied;
    private readonly int[] _occupiedBelow;

    internal CheckedTables(CheckWorld world)
    {
        _world = world;
        _geometry = world.Geometry;
        _tables = new PageTableTree(Memory, _geometry);
        _planner = new MovePlanner(_tables, new LinuxTables(_tables), TableMoveSupport.X86);
        _mover = new PageTableMover(_tables);
        _entries = new ulong[world.Pages];
        _expected = new ulong[world.Pages];
        _actual = new ulong[world.Pages];
        _isOccupied = new bool[world.Pages];
        _occupiedBelow = new int[world.Pages + 1];
    }

    /// <summary>What holds the tables.</summary>
    internal PhysicalMemory Memory { get; } = new(new PhysicalMemoryOptions { CapacityBytes = CapacityBytes });

    /// <summary>The plan of the last move that was tried.</summary>
    internal MovePlan Plan { get; } = new(isShown: true);

    /// <summary>Which pages are occupied.</summary>
    internal ReadOnlySpan<bool> IsOccupied => _isOccupied;

    /// <summary>The leaves of the population.</summary>
    internal IReadOnlyList<PopulatedLeaf> Leaves => _leaves;

    /// <summary>Gives the memory back as a whole: after a failure the tables may be beyond taking down.</summary>
    public void Dispose() => Memory.Dispose();

    /// <summary>Takes up a population. It is put into the tables for each move anew.</summary>
    internal void Take(Populations populations, long number)
    {
        populations.Decode(number, _leaves);
        Array.Clear(_entries);
        foreach (PopulatedLeaf leaf in _leaves)
        {
            ulong value = EntryOf(leaf).Value;
            for (int i = 0; i < 1 << (_geometry.IndexBits(PageTableLevel.Pte) * (int)leaf.Level); i++)
                _entries[leaf.Page + i] = leaf.Level == PageTableLevel.Pte ? value : (value & ~PageTableEntry.LargeBit) + ((ulong)i << PageSize.Shift);
        }

        for (int page = 0; page < _entries.Length; page++)
        {
            _isOccupied[page] = _entries[page] != 0;
            _occupiedBelow[page + 1] = _occupiedBelow[page] + (_isOccupied[page] ? 1 : 0);
        }
    }

    /// <summary>True when nothing but pages of the source lives in the destination, as a move demands.</summary>
    internal bool IsPossible(in CheckMove move)
    {
        int inBoth = move.Overlaps ? Occupied(Math.Max(move.Old, move.New), Math.Min(move.Old, move.New) + move.Length) : 0;
        return Occupied(move.New, move.New + move.Length) == inBoth;
    }

    /// <summary>The occupied pages of [from, end).</summary>
    internal int Occupied(int from, int end) => _occupiedBelow[end] - _occupiedBelow[from];

    /// <summary>Plans and executes the move, and compares.</summary>
    /// <exception cref="CheckMismatchException">Something that must hold does not.</exception>
    /// <exception cref="InvalidOperationException">The mover or an invariant fails; the message says how.</exception>
    internal void Try(MovePolicy policy, in CheckMove move)
    {
        Fill();
        ulong tablesBefore = Memory.TableFrames;
        _planner.Plan(policy, Request(move), Plan);
        MoveCost planned = Plan.Work.Executed;
        Execute(policy, move);
        MoveCost work = _mover.Work;
        ulong tablesAfter = _tables.Verify();
        Compare(move);
        if (planned != work)
            throw new CheckMismatchException($"planned was {planned}, but done {work}");
        if (policy == MovePolicy.PageShift && Plan.Cost != Plan.Work)
            throw new CheckMismatchException($"the cost is {Plan.Cost}, but the work {Plan.Work}");
        if (tablesBefore + work.TablesAllocated != tablesAfter + work.TablesFreed || tablesAfter != Memory.TableFrames)
            throw new CheckMismatchException($"{tablesBefore} tables, {work.TablesAllocated} allocated and {work.TablesFreed} freed are not the {tablesAfter} that can be reached, of {Memory.TableFrames} in use");
        Clear(_tables.Root, _geometry.Root);
    }

    /// <summary>Executes the move as an address space does: by a plan without reasons and costs, which must be the same otherwise.</summary>
    private void Execute(MovePolicy policy, in CheckMove move)
    {
        _planner.PlanToExecute(policy, Request(move), _planToExecute);
        if (!_planToExecute.RunList.SequenceEqual(Plan.RunList) || _planToExecute.ExpandedSource != Plan.ExpandedSource)
            throw new CheckMismatchException("the plan that is executed has other runs than the one that is shown");
        if (_planToExecute.TablesToAllocate != Plan.Work.TablesAllocated)
            throw new CheckMismatchException($"{_planToExecute.TablesToAllocate} tables would be taken for a move that allocates {Plan.Work.TablesAllocated}");
        if (!_mover.TryExecute(_planToExecute))
            throw new CheckMismatchException("the mover ran out of tables");
    }

    /// <summary>What occupies a leaf's slot: so different from place to place that an entry that loses a bit or comes to another's place is found.</summary>
    private static PageTableEntry EntryOf(in PopulatedLeaf leaf)
    {
        ulong place = (ulong)leaf.Page;
        ulong bits = PageTableEntry.UserBit
            | (place % 2 == 0 ? PageTableEntry.WritableBit | PageTableEntry.DirtyBit : PageTableEntry.NoExecuteBit)
            | (place % 3 == 0 ? 0 : PageTableEntry.AccessedBit)
            | (place % 5 == 0 ? PageTableEntry.ProtNoneBit : PageTableEntry.PresentBit);
        var frame = new FrameNumber(FirstFrame + place);
        if (leaf.Level != PageTableLevel.Pte)
            return PageTableEntry.Leaf(frame, bits | PageTableEntry.LargeBit);
        return (place % 7) switch
        {
            0 => PageTableEntry.Guard,
            1 => PageTableEntry.Swap(place + 1),
            _ => PageTableEntry.Leaf(frame, bits),
        };
    }

    private void Fill()
    {
        foreach (PopulatedLeaf leaf in _leaves)
        {
            VirtualAddress address = AddressOf(leaf.Page);
            if (!_tables.TryMakeTable(address, leaf.Level, out FrameNumber table))
                throw new InsufficientMemoryException("No table is left for a small world.");
            _tables.Set(table, _geometry.Index(address, leaf.Level), EntryOf(leaf));
        }
    }

    /// <summary>Empties a table, and frees those below it. Data frames are only numbers, so nothing is released.</summary>
    private void Clear(FrameNumber table, PageTableLevel level)
    {
        Span<PageTableEntry> entries = _tables.Entries(table, level);
        for (int i = 0; i < entries.Length; i++)
        {
            PageTableEntry entry = entries[i];
            if (entry.IsNone)
                continue;
            _tables.Set(table, i, PageTableEntry.None);
            if (!entry.IsTable(level))
                continue;
            Clear(entry.Frame, level - 1);
            Memory.FreeTable(entry.Frame);
        }
    }

    private void Compare(in CheckMove move)
    {
        _entries.CopyTo(_expected, 0);
        Array.Clear(_expected, move.Old, move.Length);
        for (int page = move.Old; page < move.Old + move.Length; page++)
        {
            if (_entries[page] != 0)
                _expected[page + move.Delta] = _entries[page];
        }

        Array.Clear(_actual);
        var cursor = new PageTableCursor(_tables, new AddressRange(VirtualAddress.Zero, _geometry.UserLimit));
        while (cursor.MoveToNextLeaf())
            CollectLeaf(cursor);
        int differs = _expected.AsSpan().CommonPrefixLength(_actual);
        if (differs != _expected.Length)
            throw new CheckMismatchException($"page {differs} should have {new PageTableEntry(_expected[differs])}, but has {new PageTableEntry(_actual[differs])}");
    }

    /// <summary>The request for a move of mappings that end just where their pages do: so that least is in the way of what Linux expands.</summary>
    private MoveRequest Request(in CheckMove move)
    {
        int newEnd = move.New + move.Length;
        int oldEnd = move.Old + move.Length;
        bool isStackMove = move.Overlaps && move.Delta < 0;
        int sourceBelow = EndBelow(move.Old);
        int destinationBelow = EndBelow(move.New);
        if (destinationBelow > move.Old && destinationBelow <= oldEnd)
            destinationBelow = sourceBelow;
        if (oldEnd <= move.New)
            destinationBelow = Math.Max(destinationBelow, oldEnd);
        if (!isStackMove && newEnd <= move.Old)
            sourceBelow = Math.Max(sourceBelow, newEnd);
        int ceiling = StartAbove(oldEnd);
        return new MoveRequest(AddressOf(move.Old), AddressOf(move.New), new ByteLength((ulong)move.Length << PageSize.Shift))
        {
            IsStackMove = isStackMove,
            SourceGoes = true,
            SourceStartsMapping = true,
            DestinationStartsMapping = true,
            SourcePredecessorEnd = AddressOf(sourceBelow),
            DestinationPredecessorEnd = AddressOf(destinationBelow),
            SourceFloor = AddressOf(isStackMove ? newEnd : sourceBelow),
            SourceCeiling = AddressOf(move.New >= oldEnd ? Math.Min(ceiling, move.New) : ceiling),
        };
    }

    private int EndBelow(int page)
    {
        while (page > 0 && !_isOccupied[page - 1])
            page--;
        return page;
    }

    private int StartAbove(int page)
    {
        while (page < _world.Pages && !_isOccupied[page])
            page++;
        return page;
    }

    private static VirtualAddress AddressOf(int page) => new((ulong)page << PageSize.Shift);

    private void CollectLeaf(in PageTableCursor cursor)
    {
        ulong page = cursor.SlotStart.Value >> PageSize.Shift;
        PageTableEntry entry = cursor.Entry;
        if (cursor.Level == PageTableLevel.Pte)
        {
            _actual[page] = entry.Value;
            return;
        }

        for (ulong i = 0; i < _geometry.FramesPerLeaf(cursor.Level); i++)
            _actual[page + i] = (entry.Value & ~PageTableEntry.LargeBit) + (i << PageSize.Shift);
    }
}

/// <summary>Something that must hold after a move does not; the message says what.</summary>
/// <param name="message">What.</param>
internal sealed class CheckMismatchException(string message) : Exception(message);
