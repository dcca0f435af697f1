using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>
/// What executing the planned runs does in this engine: which tables it allocates and frees. Follows the runs in their order, keeping for each level the one
/// source table that entries are being taken out of and the one destination table that was made last; the order is monotone, so one of each is enough.
/// </summary>
internal sealed partial class MovePlanner
{
    private readonly PlannedTable[] _departures = new PlannedTable[PagingGeometry.MaximumLevels];
    private readonly PlannedTable[] _arrivals = new PlannedTable[PagingGeometry.MaximumLevels];
    private MoveCost _work;
    private bool _overlaps;

    private MoveCost CountWork()
    {
        _work = new MoveCost { SlotsVisited = _cost.SlotsVisited, SlotsInspected = _inspected };
        CountTables();
        ulong slots = 0;
        foreach (MoveRun run in _plan.RunList)
        {
            _work.Add(run.Level, run.Entries);
            slots += run.Slots;
        }

        _work.TlbFlushes = _work.Entries != 0 || _plan.Request.DestinationUnmapWorked ? 1UL : 0;
        _work.TableBytes = (slots * 24) + (_work.SlotsInspected * 8) + (_work.TablesAllocated * PageSize.Bytes);
        return _work;
    }

    /// <summary>Counts the tables that the runs allocate.</summary>
    private ulong CountTablesToAllocate()
    {
        if (_splits || _plan.RunList.Count != 1)
            return CountTables();
        MoveRun run = _plan.RunList[0];
        ulong bytes = run.Slots << _geometry.SpanShift(run.Level);
        ulong start = run.Destination.Value;
        ulong end = start + bytes;
        bool leavesOneTable = Block(run.Source.Value, run.Level) == Block(run.Source.Value + bytes - 1, run.Level);
        FrameNumber source = leavesOneTable ? _departed : FrameNumber.None;
        if (Block(start, run.Level) == Block(end - 1, run.Level) && TryFindDestination(run, source, out FrameNumber destination))
        {
            _plan.SourceTable = source;
            _plan.DestinationTable = destination;
            return 0;
        }

        // One run of occupied slots: what is not there on its way will be made. Nothing that is there will have gone.
        return run.Entries == run.Slots ? CountMissing(_tables.Root, _geometry.Root, run.Level, start, end) : CountTables();
    }

    /// <summary>Finds the table where a run arrives; mostly the planner has just been there.</summary>
    private bool TryFindDestination(in MoveRun run, FrameNumber source, out FrameNumber table)
    {
        ulong block = Block(run.Destination.Value, run.Level);
        table = source;
        if (!table.IsNone && block == Block(run.Source.Value, run.Level))
            return true;
        table = _seen.Table;
        return (_seen.Level == run.Level && block == Block(_seenBlock, run.Level)) || _tables.TryFindTable(run.Destination, run.Level, out table);
    }

    /// <summary>Counts the tables down to <paramref name="lowest"/> that [start, end), which lies in what one table covers, lacks.</summary>
    private ulong CountMissing(FrameNumber table, PageTableLevel level, PageTableLevel lowest, ulong start, ulong end)
    {
        if (level == lowest)
            return 0;
        int first = _geometry.Index(new VirtualAddress(start), level);
        int slots = _geometry.Index(new VirtualAddress(end - 1), level) - first + 1;
        Span<PageTableEntry> entries = _tables.Entries(table).Slice(first, slots);
        if (slots > 1 && level - 1 == lowest)
            return (ulong)(slots - PageTableTree.CountLive(entries));
        ulong span = _geometry.Span(level);
        ulong block = start & ~(span - 1);
        ulong missing = 0;
        for (int i = 0; i < slots; i++, block += span)
        {
            ulong from = Math.Max(start, block);
            ulong to = Math.Min(end, block + span);
            if (entries[i].IsTable(level) && level - 1 > lowest)
                missing += CountMissing(entries[i].Frame, level - 1, lowest, from, to);
            for (PageTableLevel at = level - 1; entries[i].IsNone && at >= lowest; at--)
                missing += ((to - 1) >> _geometry.SpanShift(at + 1)) - (from >> _geometry.SpanShift(at + 1)) + 1;
        }

        return missing;
    }

    /// <summary>Counts the tables that the runs allocate and free; returns the former.</summary>
    private ulong CountTables()
    {
        _work.TablesAllocated = 0;
        _work.TablesFreed = 0;
        for (PageTableLevel level = PageTableLevel.Pte; level < _geometry.Root; level++)
        {
            _departures[(int)level].Block = ulong.MaxValue;
            _arrivals[(int)level].Block = ulong.MaxValue;
        }

        var root = new PlannedTable { Table = _tables.Root, State = TableState.Exists, Live = _tables.Memory.LiveEntries(_tables.Root) };
        _departures[(int)_geometry.Root] = root;
        _arrivals[(int)_geometry.Root] = root;
        ulong bytes = _plan.ExpandedSource.Length.Value;
        _overlaps = _delta < bytes || unchecked(0 - _delta) < bytes;
        for (int i = 0; i < _plan.RunList.Count; i++)
            CountRun(_plan.RunList[i], i);
        if (_explains)
            CloseBelow(_geometry.Root);
        return _work.TablesAllocated;
    }

    private void CountRun(in MoveRun run, int index)
    {
        var pieces = new MovePieces(run, _geometry, _plan.IsDescending);
        ref PlannedTable from = ref _departures[(int)run.Level];
        while (pieces.TryNext(out ulong source, out int slots))
        {
            if (run.Level != _geometry.Root && from.Block != Block(source, run.Level))
                OpenSource(source, run.Level);
            int live = from.Live == _geometry.EntriesPerTable ? slots : LiveSlots(from, source, run.Level, slots);
            if (live == 0)
                continue;
            from.Out += live;
            if (run.Level != _geometry.Root && _arrivals[(int)run.Level].Block != Block(Destination(source), run.Level))
                OpenDestination(Destination(source), run.Level, index);
        }
    }

    private int LiveSlots(in PlannedTable from, ulong source, PageTableLevel level, int slots) => from.State == TableState.Exists
        ? PageTableTree.CountLive(_tables.Entries(from.Table).Slice(_geometry.Index(new VirtualAddress(source), level), slots))
        : 0;

    private void OpenSource(ulong source, PageTableLevel level)
    {
        for (PageTableLevel at = _geometry.Root - 1; at >= level; at--)
        {
            ref PlannedTable table = ref _departures[(int)at];
            ulong block = Block(source, at);
            if (table.Block == block)
                continue;
            if (_explains)
                CloseBelow(at + 1); // the tables that are freed matter only to the cost
            GoBelow(_departures[(int)at + 1], source, at + 1, ref table);
            table.Block = block;
            table.Out = 0;
            table.Live = 0;
            if (table.State == TableState.Exists)
            {
                table.Live = _tables.Memory.LiveEntries(table.Table);
            }
            else if (table.State == TableState.IsLeaf)
            {
                table.Live = _geometry.EntriesPerTable; // it will be split
                _work.TablesAllocated++;
            }
        }
    }

    /// <summary>Ends the account of the open source tables below <paramref name="level"/>: one that lost all its entries and got none is freed.</summary>
    private void CloseBelow(PageTableLevel level)
    {
        for (PageTableLevel at = PageTableLevel.Pte; at < level && at < _geometry.Root; at++)
        {
            ref PlannedTable table = ref _departures[(int)at];
            ulong block = table.Block;
            table.Block = ulong.MaxValue;
            if (block == ulong.MaxValue || table.Out == 0 || table.Out != table.Live || GetsEntries(block, at))
                continue;
            _work.TablesFreed++;
            _departures[(int)at + 1].Out++;
        }
    }

    /// <summary>True when entries arrive in the table of <paramref name="level"/> at <paramref name="block"/>, rather than a whole table in its place.</summary>
    private bool GetsEntries(ulong block, PageTableLevel level)
    {
        long origin = unchecked((long)(block - _delta)); // may lie below zero
        long from = Math.Max((long)_start, origin);
        long to = Math.Min((long)_end, origin + (long)_geometry.TableSpan(level));
        if (from >= to || _plan.MovesWhole((ulong)from, level, _plan.RunList.Count, _geometry))
            return false;
        foreach (MoveRun run in _plan.RunList)
        {
            ulong arrives = unchecked(Destination(run.Source.Value) - block);
            if (run.Level == level && run.Entries != 0 && arrives < _geometry.TableSpan(level) && arrives + (run.Slots << _geometry.SpanShift(level)) <= _geometry.TableSpan(level))
                return true;
        }

        ulong unused = 0;
        return _tables.TryFindLive(new AddressRange(new VirtualAddress((ulong)from), new VirtualAddress((ulong)to)), out _, ref unused);
    }

    private void OpenDestination(ulong destination, PageTableLevel level, int runIndex)
    {
        for (PageTableLevel at = _geometry.Root - 1; at >= level; at--)
        {
            ref PlannedTable table = ref _arrivals[(int)at];
            ulong block = Block(destination, at);
            if (table.Block == block)
                continue;
            GoBelow(_arrivals[(int)at + 1], destination, at + 1, ref table);
            table.Block = block;
            if (table.State == TableState.IsNone || (_overlaps && _plan.MovesWhole(destination, at, runIndex, _geometry)))
                _work.TablesAllocated++;
        }
    }

    /// <summary>Goes to what the slot of <paramref name="level"/> for <paramref name="address"/> in a table points to.</summary>
    private void GoBelow(in PlannedTable above, ulong address, PageTableLevel level, ref PlannedTable table)
    {
        table.State = above.State;
        if (above.State != TableState.Exists)
            return;
        PageTableEntry entry = _tables.Memory.Entry(above.Table, _geometry.Index(new VirtualAddress(address), level));
        table.State = entry.IsTable(level) ? TableState.Exists : entry.IsNone ? TableState.IsNone : TableState.IsLeaf;
        table.Table = entry.Frame;
    }

    private enum TableState
    {
        IsNone,
        Exists,
        IsLeaf,
    }

    /// <summary>A table on the way to where the account stands.</summary>
    private struct PlannedTable
    {
        /// <summary>The first address that it covers; the highest of all for nothing.</summary>
        internal ulong Block;

        /// <summary>Its frame, when it exists.</summary>
        internal FrameNumber Table;

        /// <summary>What is there now.</summary>
        internal TableState State;

        /// <summary>Its live entries before the move.</summary>
        internal int Live;

        /// <summary>The entries that the move has taken out so far.</summary>
        internal int Out;
    }
}
