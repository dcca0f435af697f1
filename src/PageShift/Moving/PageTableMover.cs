using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>
/// Executes a <see cref="MovePlan"/>: takes all tables it needs, then moves run after run as block copies, then frees the source's tables that this emptied.
/// </summary>
/// <remarks>Needs the mapping lock exclusively. The caller flushes the TLBs for the union of what changed before it lets the lock go.</remarks>
internal sealed class PageTableMover
{
    private readonly PageTableTree _tables;
    private readonly PagingGeometry _geometry;
    private readonly PhysicalMemory _memory;
    private readonly List<FreedTable> _freed = [];
    private TableReserve _reserve;
    private ulong _returned;
    private bool _emptiesAbove; // a table may stand empty that was not freed at once
    private AddressRange _destination;
    private MoveCost _work;

    internal PageTableMover(PageTableTree tables)
    {
        _tables = tables;
        _geometry = tables.Geometry;
        _memory = tables.Memory;
    }

    /// <summary>The tables that the last execution left empty behind itself, and freed.</summary>
    internal List<FreedTable> Freed => _freed;

    /// <summary>What the last execution did, as counted while doing it.</summary>
    internal ref readonly MoveCost Work => ref _work;

    /// <summary>Executes <paramref name="plan"/>. False when memory is out; then nothing has moved.</summary>
    internal bool TryExecute(MovePlan plan)
    {
        _freed.Clear();
        _returned = 0;
        _emptiesAbove = false;
        _destination = plan.ExpandedDestination;
        if (!plan.SourceTable.IsNone)
        {
            _work = default;
            MoveBetween(plan.SourceTable, plan.DestinationTable, plan.RunList[0]);
        }
        else
        {
            _reserve = new TableReserve(_memory);
            if (!_reserve.TryFill(plan.TablesToAllocate))
                return false;
            _work = default;
            foreach (MoveRun run in plan.RunList)
                MoveRun(run, plan.IsDescending);
            ulong unused = _reserve.Drain() - _returned;
            if (unused != 0)
                throw new InvalidOperationException($"The move used {unused} tables fewer than its plan said.");
        }

        if (_emptiesAbove)
            FreeEmptyTables(_tables.Root, _geometry.Root, plan.ExpandedSource.Start, plan.ExpandedSource.End, _freed);
        return true;
    }

    /// <summary>Moves a run that lies in one table and arrives in one that is there.</summary>
    private void MoveBetween(FrameNumber source, FrameNumber destination, in MoveRun run)
    {
        int from = _geometry.Index(run.Source, run.Level);
        int to = _geometry.Index(run.Destination, run.Level);
        if (source == destination)
            MoveWithinTable(_tables.Entries(source), source, run.Level, from, to, (int)run.Slots);
        else
            MovePiece(_tables.Entries(source).Slice(from, (int)run.Slots), source, _tables.Entries(destination).Slice(to, (int)run.Slots), destination, run.Level, (int)run.Entries);
        _emptiesAbove = _memory.LiveEntries(source) == 0;
        _work.AddEntries(run.Level, run.Entries);
    }

    private void MoveRun(in MoveRun run, bool descending)
    {
        var displacement = Displacement.Between(run.Source, run.Destination);
        ulong tableSpan = _geometry.TableSpan(run.Level);
        var from = OpenTable.None;
        var to = OpenTable.None;
        var pieces = new MovePieces(run, _geometry, descending);
        ulong moved = 0;
        while (pieces.TryNext(out VirtualAddress source, out int slots))
        {
            VirtualAddress destination = source + displacement;
            if (source.AlignDown(tableSpan) != from.Block)
            {
                FreeIfEmptied(from, run.Level);
                OpenSource(source, run.Level, ref from);
            }

            if (from.Block == OpenTable.NoBlock)
                continue;
            int first = _geometry.Index(source, run.Level);
            int live = from.IsFull ? slots : PageTableTree.CountLive(from.Entries.Slice(first, slots));
            if (live == 0)
                continue;
            if (destination.AlignDown(tableSpan) != to.Block)
                OpenDestination(destination, run.Level, ref to);
            moved += (ulong)live;
            int index = _geometry.Index(destination, run.Level);
            if (from.Table == to.Table)
                MoveWithinTable(from.Entries, from.Table, run.Level, first, index, slots);
            else
                MovePiece(from.Entries.Slice(first, slots), from.Table, to.Entries.Slice(index, slots), to.Table, run.Level, live);
        }

        FreeIfEmptied(from, run.Level);
        _work.AddEntries(run.Level, moved);
    }

    private void MovePiece(Span<PageTableEntry> leaving, FrameNumber source, Span<PageTableEntry> arriving, FrameNumber destination, PageTableLevel level, int live)
    {
        if (_memory.LiveEntries(destination) != 0)
            ClearSlots(arriving, destination, level);
        PageTableTree.MoveSlots(leaving, arriving);
        _memory.AddLiveEntries(source, -live);
        _memory.AddLiveEntries(destination, live);
    }

    /// <summary>Frees a table that the move has just emptied, where nothing of the move will arrive: the next table that is made can then be this one.</summary>
    private void FreeIfEmptied(in OpenTable table, PageTableLevel level)
    {
        if (table.Block == OpenTable.NoBlock || level == _geometry.Root || _memory.LiveEntries(table.Table) != 0)
            return;
        if (_destination.Overlaps(new AddressRange(table.Block, new ByteLength(_geometry.TableSpan(level)))))
        {
            _emptiesAbove = true;
            return;
        }

        _tables.Set(table.Parent, _geometry.Index(table.Block, level + 1), PageTableEntry.None);
        _emptiesAbove |= _memory.LiveEntries(table.Parent) == 0;
        _reserve.Return(table.Table);
        _returned++;
        _work.TablesFreed++;
        _freed.Add(new FreedTable(level, table.Block));
    }

    /// <summary>Moves slots within one table; the two ranges may overlap.</summary>
    private void MoveWithinTable(Span<PageTableEntry> entries, FrameNumber table, PageTableLevel level, int from, int to, int slots)
    {
        int lowEnd = Math.Min(from + slots, to); // slots of the destination that are not of the source: below, or above
        int fresh = to < from ? Math.Min(slots, from - to) : Math.Min(slots, to - from);
        ClearSlots(to < from ? entries.Slice(to, fresh) : entries.Slice(to + slots - fresh, fresh), table, level);
        entries.Slice(from, slots).CopyTo(entries.Slice(to, slots));
        if (to < from)
            entries[Math.Max(from, to + slots)..(from + slots)].Clear();
        else
            entries[from..lowEnd].Clear();
    }

    /// <summary>Goes to the table that entries are taken from at <paramref name="address"/>. A large leaf there is split first; where nothing is, there is no table to open.</summary>
    private void OpenSource(VirtualAddress address, PageTableLevel level, ref OpenTable from)
    {
        while (!from.TryEnter(address, level, _tables))
        {
            PageTableWalk walk = _tables.Walk(address);
            if (!walk.Entry.IsLeaf(walk.Level))
            {
                from.Block = OpenTable.NoBlock;
                return;
            }

            _tables.Split(walk.Table, walk.Index, walk.Level, _reserve.Take());
            _work.TablesAllocated++;
        }

        from.IsFull = _memory.LiveEntries(from.Table) == _geometry.EntriesPerTable;
    }

    /// <summary>Goes to the table that entries are put into at <paramref name="address"/>, making what is missing on the way.</summary>
    private void OpenDestination(VirtualAddress address, PageTableLevel level, ref OpenTable to)
    {
        bool isNear = level < _geometry.Root && to.SharesParent(address, level, _geometry);
        FrameNumber table = isNear ? to.Parent : _tables.Root;
        for (PageTableLevel at = isNear ? level + 1 : _geometry.Root; at > level; at--)
        {
            int index = _geometry.Index(address, at);
            PageTableEntry entry = _memory.Entry(table, index);
            if (entry.IsNone)
            {
                entry = PageTableEntry.ToTable(_reserve.Take());
                _tables.Set(table, index, entry);
                _work.TablesAllocated++;
            }
            else if (!entry.IsTable(at))
            {
                throw new InvalidOperationException($"A leaf at {at} stands in the destination of a move, at {address}.");
            }

            to.Enter(entry.Frame, table, address, at - 1, _tables);
            table = entry.Frame;
        }

        if (level == _geometry.Root)
            to.EnterRoot(_tables);
    }

    /// <summary>Makes sure that slots which entries are about to be written to hold nothing but tables that the move itself has emptied, and frees those.</summary>
    private void ClearSlots(Span<PageTableEntry> slots, FrameNumber table, PageTableLevel level)
    {
        for (int i = PageTableTree.IndexOfLive(slots); i >= 0 && i < slots.Length; i++)
        {
            if (slots[i].IsNone)
                continue;
            if (!slots[i].IsTable(level) || !TryFreeTable(slots[i].Frame, level - 1))
                throw new InvalidOperationException($"An entry of level {level} lives in the destination of a move: {slots[i]}.");
            slots[i] = PageTableEntry.None;
            _memory.AddLiveEntries(table, -1);
        }
    }

    private bool TryFreeTable(FrameNumber table, PageTableLevel level)
    {
        if (level > PageTableLevel.Pte)
            FreeEmptyTables(table, level, VirtualAddress.Zero, new VirtualAddress(_geometry.TableSpan(level)), freed: null);
        if (_memory.LiveEntries(table) != 0)
            return false;
        _memory.FreeTable(table);
        _work.TablesFreed++;
        return true;
    }

    /// <summary>Frees the empty tables below <paramref name="table"/> that cover any of [start, end), and adds them to <paramref name="freed"/>.</summary>
    private void FreeEmptyTables(FrameNumber table, PageTableLevel level, VirtualAddress start, VirtualAddress end, List<FreedTable>? freed)
    {
        var span = new ByteLength(_geometry.Span(level));
        int first = _geometry.Index(start, level);
        int last = _geometry.Index(end - new ByteLength(1), level);
        Span<PageTableEntry> entries = _tables.Entries(table);
        VirtualAddress at = start.AlignDown(span.Value);
        for (int i = first; i <= last; i++, at += span)
        {
            if (!entries[i].IsTable(level))
                continue;
            FrameNumber child = entries[i].Frame;
            if (level - 1 > PageTableLevel.Pte)
                FreeEmptyTables(child, level - 1, VirtualAddress.Max(start, at), VirtualAddress.Min(end, at + span), freed);
            if (_memory.LiveEntries(child) != 0)
                continue;
            _tables.Set(table, i, PageTableEntry.None);
            _memory.FreeTable(child);
            _work.TablesFreed++;
            freed?.Add(new FreedTable(level - 1, at));
        }
    }
}
