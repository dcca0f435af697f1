using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

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
            FreeEmptyTables(new PageTableCursor(_tables, plan.ExpandedSource), _freed);
        return true;
    }

    /// <summary>Moves a run that lies in one table and arrives in one that is there.</summary>
    private void MoveBetween(FrameNumber source, FrameNumber destination, in MoveRun run)
    {
        int from = _geometry.Index(run.Source, run.Level);
        int to = _geometry.Index(run.Destination, run.Level);
        if (source == destination)
        {
            MoveWithinTable(_tables.Entries(source, run.Level), source, run.Level, from, to, (int)run.Slots);
        }
        else
        {
            Span<PageTableEntry> arriving = _tables.Entries(destination, run.Level).Slice(to, (int)run.Slots);
            if (_memory.LiveEntries(destination) != 0)
                ClearSlots(arriving, destination, run.Level);
            MovePiece(_tables.Entries(source, run.Level).Slice(from, (int)run.Slots), source, arriving, destination, (int)run.Entries);
        }

        _emptiesAbove = _memory.LiveEntries(source) == 0;
        _work.AddEntries(run.Level, run.Entries);
    }

    private void MoveRun(in MoveRun run, bool descending)
    {
        var displacement = Displacement.Between(run.Source, run.Destination);
        var from = new PageTableCursor(_tables);
        var to = new PageTableCursor(_tables);
        var pieces = new MovePieces(run, _geometry, descending);
        bool isFull = false; // all slots of the source's table were occupied when it was opened: then those that have not been moved yet still are
        bool isMade = false; // the destination's table was made by this run: then nothing is in it but what has arrived
        ulong moved = 0;
        while (pieces.TryNext(out VirtualAddress source, out int slots))
        {
            if (!from.TryMoveTo(source, run.Level))
            {
                FreeIfEmptied(ref from, run.Level);
                if (!TryOpenSource(source, run.Level, ref from))
                    continue;
                isFull = from.LiveEntries == _geometry.EntriesAt(run.Level);
            }

            Span<PageTableEntry> leaving = from.Rest[..slots];
            int live = isFull ? slots : PageTableTree.CountLive(leaving);
            if (live == 0)
                continue;
            if (!to.TryMoveTo(source + displacement, run.Level))
                isMade = OpenDestination(source + displacement, run.Level, ref to);
            moved += (ulong)live;
            if (from.Table == to.Table)
            {
                MoveWithinTable(_tables.Entries(from.Table, run.Level), from.Table, run.Level, from.Index, to.Index, slots);
                continue;
            }

            Span<PageTableEntry> arriving = to.Rest[..slots];
            if (!isMade && to.LiveEntries != 0)
                ClearSlots(arriving, to.Table, run.Level);
            MovePiece(leaving, from.Table, arriving, to.Table, live);
        }

        FreeIfEmptied(ref from, run.Level);
        _work.AddEntries(run.Level, moved);
    }

    private void MovePiece(Span<PageTableEntry> leaving, FrameNumber source, Span<PageTableEntry> arriving, FrameNumber destination, int live)
    {
        PageTableTree.MoveSlots(leaving, arriving);
        _memory.AddLiveEntries(source, -live);
        _memory.AddLiveEntries(destination, live);
    }

    /// <summary>Leaves and frees a table that the move has just emptied, where nothing of the move will arrive: the next table that is made can then be this one.</summary>
    private void FreeIfEmptied(ref PageTableCursor from, PageTableLevel level)
    {
        if (from.Level != level || level == _geometry.Root || from.LiveEntries != 0)
            return;
        _ = from.TryLeave();
        if (_destination.Overlaps(from.Slot))
        {
            _emptiesAbove = true;
            return;
        }

        _freed.Add(new FreedTable(level, from.SlotStart));
        _reserve.Return(from.Detach().TakeTable());
        _emptiesAbove |= from.LiveEntries == 0;
        _returned++;
        _work.TablesFreed++;
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

    /// <summary>Goes to the slot that an entry is taken from. A large leaf there is split first; false where nothing is.</summary>
    private bool TryOpenSource(VirtualAddress address, PageTableLevel level, ref PageTableCursor from)
    {
        while (!from.TrySeek(address, level))
        {
            if (!from.Entry.IsLeaf(from.Level))
                return false;
            _tables.Split(from.Table, from.Index, from.Level, _reserve.Take());
            _work.TablesAllocated++;
        }

        return true;
    }

    /// <summary>Goes to the slot that an entry is put into, making the tables that are missing on the way. True when the slot's own table was made.</summary>
    private bool OpenDestination(VirtualAddress address, PageTableLevel level, ref PageTableCursor to)
    {
        bool isMade = false;
        while (!to.TrySeek(address, level))
        {
            to.Enter(_reserve.Take());
            _work.TablesAllocated++;
            isMade = true;
        }

        return isMade;
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
            FreeEmptyTables(new PageTableCursor(_tables, table, level, new AddressRange(VirtualAddress.Zero, _geometry.TableSpan(level))), freed: null);
        if (_memory.LiveEntries(table) != 0)
            return false;
        _memory.FreeTable(table);
        _work.TablesFreed++;
        return true;
    }

    /// <summary>Frees the empty tables on the cursor's way, and adds them to <paramref name="freed"/>.</summary>
    private void FreeEmptyTables(PageTableCursor cursor, List<FreedTable>? freed)
    {
        ulong count = 0;
        do
        {
            if (cursor.TryEnterLive(PageTableLevel.Pte))
                cursor.MoveToEnd();
        }
        while (cursor.TryAdvanceFreeing(freed, notesWhole: true, ref count));

        _work.TablesFreed += count;
    }
}
