using System.Runtime.CompilerServices;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>
/// The walker of page tables: a place in a tree, one slot, on its way through a range of addresses. It goes along the slots of a table that touch the range, enters the table that a slot
/// points to, and leaves it again; it tells what stands in the slot, fills or replaces it, or takes it off the tree.
/// </summary>
/// <remarks>
/// Whoever goes through tables uses this; what decides about a single address is found by <see cref="PageTableTree.Walk"/>. Every method says what must hold before it; a cursor that is
/// used otherwise throws. It holds no lock: see <see cref="PageTableTree"/>. A change of the tree by other means makes it stale, unless that change was made below it.
/// <code>
/// var cursor = new PageTableCursor(tree, range);
/// while (cursor.MoveToNextLeaf())
///     ... cursor.Entry, cursor.SlotStart, cursor.Level
/// </code>
/// </remarks>
internal ref struct PageTableCursor
{
    private readonly PageTableTree _tree;
    private readonly ulong _start; // the range's first address
    private readonly ulong _last; // and its last
    private readonly PageTableLevel _top;
    private Span<PageTableEntry> _slots; // those of the table that touch the range; none in an empty range
    private ulong _slotsStart; // what the first of them covers from
    private int _shift; // the base-2 logarithm of what a slot covers
    private int _indexBits; // of the table
    private int _position; // the slot, among them
    private bool _isAtLeaf; // that MoveToNextLeaf has found
    private Path _path;

    /// <summary>A cursor at the root's first slot that touches <paramref name="range"/>.</summary>
    internal PageTableCursor(PageTableTree tree, AddressRange range)
        : this(tree, tree.Root, tree.Geometry.Root, range)
    {
    }

    /// <summary>A cursor at the root's first slot, for all addresses that the tables can translate.</summary>
    internal PageTableCursor(PageTableTree tree)
        : this(tree, new AddressRange(VirtualAddress.Zero, tree.Geometry.TableSpan(tree.Geometry.Root)))
    {
    }

    /// <summary>A cursor at the root's slot for <paramref name="address"/>, which is all that it goes through.</summary>
    internal PageTableCursor(PageTableTree tree, VirtualAddress address)
        : this(tree, new AddressRange(address, new ByteLength(1)))
    {
    }

    /// <summary>A cursor in <paramref name="table"/>, of <paramref name="level"/>, above which it does not go. The range lies in what the table covers.</summary>
    internal PageTableCursor(PageTableTree tree, FrameNumber table, PageTableLevel level, AddressRange range)
    {
        _tree = tree;
        _shift = tree.Geometry.SpanShift(level);
        _indexBits = tree.Geometry.IndexBits(level);
        _top = level;
        Level = level;
        if (range.IsEmpty)
            return;
        _start = range.Start.Value;
        _last = range.End.Value - 1;
        Open(table, _start);
    }

    /// <summary>The level of the slot.</summary>
    internal PageTableLevel Level { get; private set; }

    /// <summary>How many slots <see cref="MoveToLive"/> and <see cref="MoveToNextLeaf"/> have looked at.</summary>
    internal ulong Inspected { get; private set; }

    /// <summary>The table that holds the slot.</summary>
    internal FrameNumber Table { get; private set; }

    /// <summary>The slot's index in its table.</summary>
    internal readonly int Index => (int)(_slotsStart >> _shift) + _position & IndexMask;

    /// <summary>The first address that the slot covers; it may lie below the range.</summary>
    internal readonly VirtualAddress SlotStart => new(StartOf(_position));

    /// <summary>The addresses that the slot covers.</summary>
    internal readonly AddressRange Slot => AddressRange.Between(StartOf(_position), StartOf(_position + 1));

    /// <summary>Those of them that the range holds.</summary>
    internal readonly AddressRange Covered => AddressRange.Between(Math.Max(StartOf(_position), _start), Math.Min(StartOf(_position + 1) - 1, _last) + 1);

    /// <summary>True when the range holds all of them.</summary>
    internal readonly bool IsWhole => StartOf(_position) >= _start && StartOf(_position + 1) - 1 <= _last;

    /// <summary>What stands in the slot. Whoever changes it by this leaves it occupied, or empty, as it was.</summary>
    internal readonly ref PageTableEntry Entry => ref _slots[_position];

    /// <summary>The slots of the table from this one on, as far as they touch the range. Whoever fills or empties some tells <see cref="AddLive"/>.</summary>
    internal readonly Span<PageTableEntry> Rest => _slots[_position..];

    /// <summary>The live entries of the slot's table.</summary>
    internal readonly int LiveEntries => _tree.Memory.LiveEntries(Table);

    /// <summary>Enters the table that the slot points to, at its first slot that touches the range. False, without moving, when it points to none.</summary>
    internal bool TryEnter()
    {
        PageTableEntry entry = Entry;
        if (!entry.IsTable(Level))
            return false;
        Descend(entry.Frame);
        return true;
    }

    /// <summary>Fills the slot, which is above the lowest level, with a table that has no live entry, and enters that.</summary>
    /// <exception cref="InvalidOperationException">The slot is occupied.</exception>
    internal void Enter(FrameNumber table)
    {
        Fill(PageTableEntry.ToTable(table));
        Descend(table);
    }

    /// <summary>True when the slot for <paramref name="address"/> is in this table.</summary>
    internal readonly bool IsInTable(VirtualAddress address) => (address.Value ^ _slotsStart) >> _shift >> _indexBits == 0;

    /// <summary>Goes to the slot for an address of the range, if that is in this table and the table's entries are of <paramref name="level"/>. False, without moving, if not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryMoveTo(VirtualAddress address, PageTableLevel level)
    {
        if (Level != level || !IsInTable(address))
            return false;
        _position = (int)((address.Value - _slotsStart) >> _shift);
        return true;
    }

    /// <summary>Goes to the slot of <paramref name="level"/> for an address of the range, up no further than it must: the next one is mostly near. False when a slot above points to no
    /// table; then it stands there.</summary>
    internal bool TrySeek(VirtualAddress address, PageTableLevel level)
    {
        while ((Level < level || !IsInTable(address)) && TryLeave())
        {
        }

        while (true)
        {
            _position = (int)((address.Value - _slotsStart) >> _shift);
            if (Level == level)
                return true;
            if (!TryEnter())
                return false;
        }
    }

    /// <summary>Enters tables down to <paramref name="lowest"/>. False when a slot above points to none; then it stands there.</summary>
    internal bool TryEnterTo(PageTableLevel lowest)
    {
        while (Level > lowest)
        {
            if (!TryEnter())
                return false;
        }

        return true;
    }

    /// <summary>Goes along each table to its first occupied slot, and enters what it points to, down to <paramref name="lowest"/>. False when it stands above then: at a leaf, or at the end
    /// of a table in which nothing more is.</summary>
    internal bool TryEnterLive(PageTableLevel lowest)
    {
        while (Level > lowest)
        {
            if (!MoveToLive() || !TryEnter())
                return false;
        }

        return true;
    }

    /// <summary>Enters tables down to <paramref name="lowest"/>, and makes those that are missing; at a leaf it stops above. False when memory is out; then no table has been made.</summary>
    internal bool TryEnterMaking(PageTableLevel lowest)
    {
        PageTableLevel madeFrom = lowest;
        while (!TryEnterTo(lowest) && Entry.IsNone)
        {
            if (!_tree.Memory.TryAllocateTable(out FrameNumber made))
            {
                while (Level < madeFrom && TryLeave())
                    Detach().FreeTable();
                return false;
            }

            madeFrom = (PageTableLevel)Math.Max((int)madeFrom, (int)Level);
            Enter(made);
        }

        return true;
    }

    /// <summary>Goes back up to the slot that points to this table. False, without moving, at the top.</summary>
    internal bool TryLeave()
    {
        if (Level == _top)
            return false;
        Level++;
        _shift += _indexBits;
        _indexBits = _tree.Geometry.IndexBits(Level);
        ref readonly Passage passage = ref _path[(int)Level];
        int index = (int)(_slotsStart >> _shift) & IndexMask;
        int first = index - passage.Position;
        Table = passage.Table;
        _slots = _tree.Memory.Entries(passage.Table, first + passage.Slots)[first..];
        _slotsStart = ((_slotsStart >> _shift) - (ulong)passage.Position) << _shift;
        _position = passage.Position;
        return true;
    }

    /// <summary>Goes to the next slot of the table. False, without moving, at the last that touches the range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryNext()
    {
        if (_position + 1 >= _slots.Length)
            return false;
        _position++;
        return true;
    }

    /// <summary>Goes to the next slot in the order of addresses: along the table, or out of it and along. False at the end of the range.</summary>
    internal bool TryAdvance()
    {
        while (!TryNext())
        {
            if (!TryLeave())
                return false;
        }

        return true;
    }

    /// <summary>The same, and frees the tables that it leaves without a live entry.</summary>
    /// <param name="freed">Takes them, if it is not null.</param>
    /// <param name="notesWhole">False to leave out of it the PTE tables that lie wholly in the range.</param>
    /// <param name="count">Grows by their number.</param>
    internal bool TryAdvanceFreeing(List<FreedTable>? freed, bool notesWhole, ref ulong count)
    {
        while (!TryNext())
        {
            bool isEmpty = LiveEntries == 0;
            if (!TryLeave())
                return false;
            if (!isEmpty)
                continue;
            Detach().FreeTable();
            count++;
            if (notesWhole || Level > PageTableLevel.Pmd || !IsWhole)
                freed?.Add(new FreedTable(Level - 1, SlotStart));
        }

        return true;
    }

    /// <summary>Goes to the last slot of the table that touches the range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MoveToEnd() => _position = Math.Max(0, _slots.Length - 1);

    /// <summary>Goes along the table to the first occupied slot, which may be this one. False when there is none; then it stands at the end.</summary>
    internal bool MoveToLive()
    {
        if (_position < _slots.Length && !_slots[_position].IsNone)
        {
            Inspected++;
            return true;
        }

        Span<PageTableEntry> rest = Rest;
        int live = PageTableTree.IndexOfLive(rest);
        Inspected += (ulong)(live < 0 ? rest.Length : live + 1);
        if (live < 0)
            MoveToEnd();
        else
            _position += live;
        return live >= 0;
    }

    /// <summary>Goes to the next leaf or marker that touches the range, at first to the lowest. False when there is none left.</summary>
    internal bool MoveToNextLeaf()
    {
        if (_isAtLeaf)
        {
            int next = _position + 1;
            if (Level == PageTableLevel.Pte && next < _slots.Length && !_slots[next].IsNone)
            {
                _position = next; // pages mostly follow one another
                Inspected++;
                return true;
            }

            if (!TryAdvance())
                return false;
        }

        _isAtLeaf = true;
        do
        {
            while (MoveToLive())
            {
                if (!TryEnter())
                    return true;
            }
        }
        while (TryAdvance());

        return false;
    }

    /// <summary>Fills the slot.</summary>
    /// <exception cref="InvalidOperationException">The slot is occupied.</exception>
    internal readonly void Fill(PageTableEntry entry)
    {
        if (!Entry.IsNone)
            throw new InvalidOperationException($"The {Level} slot at {SlotStart} is occupied by {Entry}.");
        Put(entry, change: entry.IsNone ? 0 : 1);
    }

    /// <summary>Puts an entry in place of what stands in the slot, which the caller then owns.</summary>
    /// <exception cref="InvalidOperationException">The slot is empty.</exception>
    internal readonly DetachedEntry Replace(PageTableEntry entry)
    {
        PageTableEntry old = Entry;
        if (old.IsNone)
            throw new InvalidOperationException($"The {Level} slot at {SlotStart} is empty.");
        Put(entry, change: entry.IsNone ? -1 : 0);
        return new DetachedEntry(_tree, Level, old);
    }

    /// <summary>Takes what stands in the slot off the tree. The caller then owns it: a leaf's frames, or a whole subtree.</summary>
    /// <exception cref="InvalidOperationException">The slot is empty.</exception>
    internal readonly DetachedEntry Detach() => Replace(PageTableEntry.None);

    /// <summary>Counts slots of the table that were filled, or below zero emptied, through <see cref="Rest"/>.</summary>
    internal readonly void AddLive(int change) => _tree.Memory.AddLiveEntries(Table, change);

    // Writes the slot, which changes the table's live entries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Put(PageTableEntry entry, int change)
    {
        PageTableTree.Publish(ref Entry, entry);
        if (change != 0)
            AddLive(change);
    }

    private readonly int IndexMask => (1 << _indexBits) - 1;

    private readonly ulong StartOf(int position) => _slotsStart + ((ulong)position << _shift);

    // Goes from the slot to the table that it points to.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Descend(FrameNumber table)
    {
        ulong from = Math.Max(StartOf(_position), _start);
        _path[(int)Level] = new Passage(Table, _slots.Length, _position);
        Level--;
        _indexBits = _tree.Geometry.IndexBits(Level);
        _shift -= _indexBits;
        Open(table, from);
    }

    // Stands at a table of the present level, in its slot for an address of the range.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Open(FrameNumber table, ulong from)
    {
        int first = (int)(from >> _shift) & IndexMask;
        int last = (from ^ _last) >> _shift >> _indexBits == 0 ? (int)(_last >> _shift) & IndexMask : IndexMask; // the range ends in this table, or goes on behind it
        Table = table;
        _slots = _tree.Memory.Entries(table, last + 1)[first..];
        _slotsStart = from >> _shift << _shift;
        _position = 0;
    }

    /// <summary>Where a table was left for one below it.</summary>
    private readonly record struct Passage(FrameNumber Table, int Slots, int Position);

    [InlineArray(PagingGeometry.MaximumLevels)]
    private struct Path
    {
        private Passage _first;
    }
}

/// <summary>An entry that was taken off its tree. Whoever holds it puts it elsewhere or gives back what is behind it; dropping it loses memory, and so the compiler refuses that.</summary>
internal readonly struct DetachedEntry(PageTableTree tree, PageTableLevel level, PageTableEntry entry)
{
    /// <summary>The entry.</summary>
    internal PageTableEntry Entry => entry;

    /// <summary>Gives back the table that the entry points to.</summary>
    /// <exception cref="InvalidOperationException">It is no table, or not empty.</exception>
    internal void FreeTable() => tree.Memory.FreeTable(TakeTable());

    /// <summary>The table that the entry points to, which has no live entry; it is the caller's.</summary>
    /// <exception cref="InvalidOperationException">It is no table.</exception>
    internal FrameNumber TakeTable() => entry.IsTable(level) ? entry.Frame : throw new InvalidOperationException($"The detached {level} entry is no table: {entry}.");

    /// <summary>Drops the leaf's references to its frames; a marker has none.</summary>
    /// <exception cref="InvalidOperationException">It is a table.</exception>
    internal void ReleaseFrames()
    {
        if (entry.IsTable(level))
            throw new InvalidOperationException($"The detached {level} entry is a table: {entry}.");
        if (entry.IsMapped)
            tree.Memory.ReleaseRange(entry.Frame, tree.Geometry.FramesPerLeaf(level));
    }
}
