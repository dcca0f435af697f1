using System.Runtime.CompilerServices;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>
/// Which tables executing a plan in this engine allocates and frees. Follows the runs in their order, keeping for each level the one source table that entries are being taken out of and
/// the one destination table that was made last; the order is monotone, so one of each is enough.
/// </summary>
internal ref struct TableCount
{
    private readonly PageTableTree _tables;
    private readonly PagingGeometry _geometry;
    private readonly MovePlan _plan;
    private readonly bool _overlaps;
    private PlannedTables _departures;
    private PlannedTables _arrivals;
    private ulong _allocated;
    private ulong _freed;

    private TableCount(PageTableTree tables, MovePlan plan)
    {
        _tables = tables;
        _geometry = tables.Geometry;
        _plan = plan;
        ByteLength length = plan.ExpandedSource.Length;
        _overlaps = plan.Request.New - plan.Request.Old < length || plan.Request.Old - plan.Request.New < length;
        for (PageTableLevel level = PageTableLevel.Pte; level < _geometry.Root; level++)
        {
            _departures[(int)level].Start = PagingGeometry.NoTable;
            _arrivals[(int)level].Start = PagingGeometry.NoTable;
        }

        var root = new PlannedTable { Table = tables.Root, State = TableState.Exists, Live = tables.Memory.LiveEntries(tables.Root) };
        _departures[(int)_geometry.Root] = root;
        _arrivals[(int)_geometry.Root] = root;
    }

    /// <summary>What executing a plan does.</summary>
    internal static MoveCost Work(PageTableTree tables, MovePlan plan)
    {
        TableCount count = Follow(tables, plan);
        var work = new MoveCost { SlotsVisited = plan.SlotsVisited, SlotsInspected = plan.SlotsInspected, TablesAllocated = count._allocated, TablesFreed = count._freed };
        ulong slots = 0;
        foreach (MoveRun run in plan.RunList)
        {
            work.AddEntries(run.Level, run.Entries);
            slots += run.Slots;
        }

        work.TlbFlushes = work.Entries != 0 || plan.Request.UnmapFlushes != 0 ? 1UL : 0;
        work.TableBytes = (slots * 24) + (work.SlotsInspected * 8) + (work.TablesAllocated * tables.Geometry.TableBytes);
        return work;
    }

    /// <summary>The tables that executing a plan allocates, where it does not arrive in one that is there.</summary>
    internal static ulong ToAllocate(PageTableTree tables, MovePlan plan)
    {
        if (plan.RunList.Count == 0)
            return 0;
        MoveRun run = plan.RunList[0];
        return plan.RunList.Count == 1 && !plan.SplitsLeaves && run.Entries == run.Slots
            ? Missing(tables, new AddressRange(run.Destination, run.Length(tables.Geometry)), run.Level) // nothing that is there will have gone
            : Follow(tables, plan)._allocated;
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // a frame of its own: its state is cleared only where it is used
    private static TableCount Follow(PageTableTree tables, MovePlan plan)
    {
        var count = new TableCount(tables, plan);
        for (int i = 0; i < plan.RunList.Count; i++)
            count.Follow(plan.RunList[i], i);
        count.CloseBelow(tables.Geometry.Root);
        return count;
    }

    /// <summary>Counts the tables down to <paramref name="lowest"/> that a range lacks.</summary>
    private static ulong Missing(PageTableTree tables, AddressRange range, PageTableLevel lowest)
    {
        if (lowest == tables.Geometry.Root)
            return 0;
        ulong missing = 0;
        var cursor = new PageTableCursor(tables, range);
        do
        {
            if (cursor.TryEnterTo(lowest + 1))
            {
                missing += (ulong)(cursor.Rest.Length - PageTableTree.CountLive(cursor.Rest));
                cursor.MoveToEnd();
                continue;
            }

            AddressRange covered = cursor.Covered;
            for (PageTableLevel level = cursor.Level; level > lowest && cursor.Entry.IsNone; level--)
                missing += tables.Geometry.SlotsBetween(covered.Start, covered.End, level);
        }
        while (cursor.TryAdvance());

        return missing;
    }

    private void Follow(in MoveRun run, int index)
    {
        var pieces = new MovePieces(run, _geometry, _plan.IsDescending);
        ref PlannedTable from = ref _departures[(int)run.Level];
        while (pieces.TryNext(out VirtualAddress source, out int slots))
        {
            if (run.Level != _geometry.Root && from.Start != TableStart(source, run.Level))
                OpenSource(source, run.Level);
            int live = from.Live == _geometry.EntriesAt(run.Level) ? slots : LiveSlots(from, source, run.Level, slots);
            if (live == 0)
                continue;
            from.Out += live;
            VirtualAddress destination = source + _plan.Displacement;
            if (run.Level != _geometry.Root && _arrivals[(int)run.Level].Start != TableStart(destination, run.Level))
                OpenDestination(destination, run.Level, index);
        }
    }

    private readonly int LiveSlots(in PlannedTable from, VirtualAddress source, PageTableLevel level, int slots) => from.State == TableState.Exists
        ? PageTableTree.CountLive(_tables.Entries(from.Table, level).Slice(_geometry.Index(source, level), slots))
        : 0;

    private void OpenSource(VirtualAddress source, PageTableLevel level)
    {
        for (PageTableLevel at = _geometry.Root - 1; at >= level; at--)
        {
            ref PlannedTable table = ref _departures[(int)at];
            VirtualAddress start = TableStart(source, at);
            if (table.Start == start)
                continue;
            CloseBelow(at + 1);
            GoBelow(_departures[(int)at + 1], source, at + 1, ref table);
            table.Start = start;
            table.Out = 0;
            table.Live = 0;
            if (table.State == TableState.Exists)
            {
                table.Live = _tables.Memory.LiveEntries(table.Table);
            }
            else if (table.State == TableState.IsLeaf)
            {
                table.Live = _geometry.EntriesAt(at); // it will be split
                _allocated++;
            }
        }
    }

    /// <summary>Ends the account of the open source tables below <paramref name="level"/>: one that lost all its entries and got none is freed.</summary>
    private void CloseBelow(PageTableLevel level)
    {
        for (PageTableLevel at = PageTableLevel.Pte; at < level && at < _geometry.Root; at++)
        {
            ref PlannedTable table = ref _departures[(int)at];
            VirtualAddress start = table.Start;
            table.Start = PagingGeometry.NoTable;
            if (start == PagingGeometry.NoTable || table.Out == 0 || table.Out != table.Live || GetsEntries(start, at))
                continue;
            _freed++;
            _departures[(int)at + 1].Out++;
        }
    }

    /// <summary>True when entries arrive in the table of <paramref name="level"/> from <paramref name="start"/> on, rather than a whole table in its place.</summary>
    private readonly bool GetsEntries(VirtualAddress start, PageTableLevel level)
    {
        AddressRange arriving = new AddressRange(start, _geometry.TableSpan(level)).Intersect(_plan.Request.Destination);
        if (arriving.IsEmpty || _plan.MovesWhole(arriving.Start - _plan.Displacement, level))
            return false;
        return _tables.TryFindLive(new AddressRange(arriving.Start - _plan.Displacement, arriving.End - _plan.Displacement), out _);
    }

    private void OpenDestination(VirtualAddress destination, PageTableLevel level, int runIndex)
    {
        for (PageTableLevel at = _geometry.Root - 1; at >= level; at--)
        {
            ref PlannedTable table = ref _arrivals[(int)at];
            VirtualAddress start = TableStart(destination, at);
            if (table.Start == start)
                continue;
            GoBelow(_arrivals[(int)at + 1], destination, at + 1, ref table);
            table.Start = start;
            if (table.State == TableState.IsNone || (_overlaps && _plan.MovesWhole(destination, at, runIndex)))
                _allocated++;
        }
    }

    /// <summary>Goes to what the slot of <paramref name="level"/> for <paramref name="address"/> in a table points to.</summary>
    private readonly void GoBelow(in PlannedTable above, VirtualAddress address, PageTableLevel level, ref PlannedTable table)
    {
        table.State = above.State;
        if (above.State != TableState.Exists)
            return;
        PageTableEntry entry = _tables.Memory.Entry(above.Table, _geometry.Index(address, level));
        table.State = entry.IsTable(level) ? TableState.Exists : entry.IsNone ? TableState.IsNone : TableState.IsLeaf;
        table.Table = entry.Frame;
    }

    private readonly VirtualAddress TableStart(VirtualAddress address, PageTableLevel level) => address.AlignDown(_geometry.TableSpan(level));

    private enum TableState
    {
        IsNone,
        Exists,
        IsLeaf,
    }

    /// <summary>A table on the way to where the account stands.</summary>
    private struct PlannedTable
    {
        /// <summary>The first address that it covers; <see cref="PagingGeometry.NoTable"/> for nothing.</summary>
        internal VirtualAddress Start;

        /// <summary>Its frame, when it exists.</summary>
        internal FrameNumber Table;

        /// <summary>What is there now.</summary>
        internal TableState State;

        /// <summary>Its live entries before the move.</summary>
        internal int Live;

        /// <summary>The entries that the move has taken out so far.</summary>
        internal int Out;
    }

    /// <summary>One table for each level.</summary>
    [InlineArray(PagingGeometry.MaximumLevels)]
    private struct PlannedTables
    {
        private PlannedTable _pte;
    }
}
