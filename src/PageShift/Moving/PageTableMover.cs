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
    private MoveCost _work;

    internal PageTableMover(PageTableTree tables)
    {
        _tables = tables;
        _geometry = tables.Geometry;
        _memory = tables.Memory;
    }

    /// <summary>The tables that the last execution left empty behind itself, and freed.</summary>
    internal List<FreedTable> Freed => _freed;

    /// <summary>Executes <paramref name="plan"/>. False when memory is out; then nothing has moved. <paramref name="work"/> is what was done, as counted
    /// while doing it.</summary>
    internal bool TryExecute(MovePlan plan, out MoveCost work)
    {
        work = default;
        _work = default;
        _freed.Clear();
        _reserve = new TableReserve(_memory);
        if (!_reserve.TryFill(plan.Work.TablesAllocated))
            return false;
        foreach (MoveRun run in plan.RunList)
            MoveRun(run, plan.IsDescending);
        if (_work.Entries != 0)
            FreeEmptyTables(_tables.Root, _geometry.Root, plan.ExpandedSource.Start.Value, plan.ExpandedSource.End.Value, record: true);
        ulong unused = _reserve.Drain();
        if (unused != 0)
            throw new InvalidOperationException($"The move used {unused} tables fewer than its plan said.");
        work = _work;
        return true;
    }

    private void MoveRun(in MoveRun run, bool descending)
    {
        ulong delta = unchecked(run.Destination.Value - run.Source.Value);
        var pieces = new MovePieces(run, _geometry, descending);
        while (pieces.TryNext(out ulong source, out int slots))
            MovePiece(run.Level, source, unchecked(source + delta), slots);
    }

    private void MovePiece(PageTableLevel level, ulong source, ulong destination, int slots)
    {
        var from = new VirtualAddress(source);
        var to = new VirtualAddress(destination);
        if (!TryOpenSource(from, level, out FrameNumber sourceTable))
            return;
        Span<PageTableEntry> leaving = _tables.Entries(sourceTable).Slice(_geometry.Index(from, level), slots);
        int live = _memory.LiveEntries(sourceTable) == _geometry.EntriesPerTable ? slots : PageTableTree.CountLive(leaving);
        if (live == 0)
            return;
        FrameNumber destinationTable = OpenDestination(to, level);
        Span<PageTableEntry> arriving = _tables.Entries(destinationTable).Slice(_geometry.Index(to, level), slots);
        if (sourceTable == destinationTable)
        {
            MoveWithinTable(sourceTable, level, _geometry.Index(from, level), _geometry.Index(to, level), slots);
        }
        else
        {
            ClearSlots(arriving, destinationTable, level);
            leaving.CopyTo(arriving);
            leaving.Clear();
            _memory.AddLiveEntries(sourceTable, -live);
            _memory.AddLiveEntries(destinationTable, live);
        }

        _work.Add(level, (ulong)live);
    }

    /// <summary>Moves slots within one table; the two ranges may overlap.</summary>
    private void MoveWithinTable(FrameNumber table, PageTableLevel level, int from, int to, int slots)
    {
        Span<PageTableEntry> entries = _tables.Entries(table);
        int lowEnd = Math.Min(from + slots, to); // slots of the destination that are not of the source: below, or above
        int fresh = to < from ? Math.Min(slots, from - to) : Math.Min(slots, to - from);
        ClearSlots(to < from ? entries.Slice(to, fresh) : entries.Slice(to + slots - fresh, fresh), table, level);
        entries.Slice(from, slots).CopyTo(entries.Slice(to, slots));
        if (to < from)
            entries[Math.Max(from, to + slots)..(from + slots)].Clear();
        else
            entries[from..lowEnd].Clear();
    }

    private bool TryOpenSource(VirtualAddress address, PageTableLevel level, out FrameNumber table)
    {
        while (!_tables.TryFindTable(address, level, out table))
        {
            PageTableWalk walk = _tables.Walk(address);
            if (!walk.Entry.IsLeaf(walk.Level))
                return false;
            _tables.Split(walk.Table, walk.Index, walk.Level, _reserve.Take());
            _work.TablesAllocated++;
        }

        return true;
    }

    private FrameNumber OpenDestination(VirtualAddress address, PageTableLevel level)
    {
        FrameNumber table = _tables.Root;
        for (PageTableLevel at = _geometry.Root; at > level; at--)
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

            table = entry.Frame;
        }

        return table;
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
            FreeEmptyTables(table, level, 0, _geometry.TableSpan(level), record: false);
        if (_memory.LiveEntries(table) != 0)
            return false;
        _memory.FreeTable(table);
        _work.TablesFreed++;
        return true;
    }

    /// <summary>Frees the empty tables below <paramref name="table"/> that cover any of [start, end).</summary>
    private void FreeEmptyTables(FrameNumber table, PageTableLevel level, ulong start, ulong end, bool record)
    {
        ulong span = _geometry.Span(level);
        int first = _geometry.Index(new VirtualAddress(start), level);
        int last = _geometry.Index(new VirtualAddress(end - 1), level);
        Span<PageTableEntry> entries = _tables.Entries(table);
        ulong at = start & ~(span - 1);
        for (int i = first; i <= last; i++, at += span)
        {
            if (!entries[i].IsTable(level))
                continue;
            FrameNumber child = entries[i].Frame;
            if (level - 1 > PageTableLevel.Pte)
                FreeEmptyTables(child, level - 1, Math.Max(start, at), Math.Min(end, at + span), record);
            if (_memory.LiveEntries(child) != 0)
                continue;
            _tables.Set(table, i, PageTableEntry.None);
            _memory.FreeTable(child);
            _work.TablesFreed++;
            if (record)
                _freed.Add(new FreedTable(level - 1, new VirtualAddress(at)));
        }
    }
}
