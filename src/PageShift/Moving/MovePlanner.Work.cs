using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>
/// What executing the planned runs does in this engine: which tables it allocates and frees. Follows the runs in their order, keeping for each level the one
/// source table that entries are being taken out of and the one destination table that was made last; the order is monotone, so one of each is enough.
/// </summary>
internal sealed partial class MovePlanner
{
    private readonly ulong[] _sourceBlock = new ulong[PagingGeometry.MaximumLevels];
    private readonly int[] _sourceLive = new int[PagingGeometry.MaximumLevels];
    private readonly int[] _sourceOut = new int[PagingGeometry.MaximumLevels];
    private readonly ulong[] _madeBlock = new ulong[PagingGeometry.MaximumLevels];
    private bool _overlaps;

    private MoveCost CountWork()
    {
        Array.Fill(_sourceBlock, ulong.MaxValue);
        Array.Fill(_madeBlock, ulong.MaxValue);
        ulong bytes = _plan.ExpandedSource.Length.Value;
        _overlaps = _delta < bytes || unchecked(0 - _delta) < bytes;
        var work = new MoveCost { SlotsVisited = _cost.SlotsVisited, SlotsInspected = _inspected };
        ulong slots = 0;
        for (int i = 0; i < _plan.RunList.Count; i++)
        {
            work.Add(_plan.RunList[i].Level, _plan.RunList[i].Entries);
            slots += _plan.RunList[i].Slots;
            CountRun(i, ref work);
        }

        CloseBelow(_geometry.Root, ref work);
        work.TlbFlushes = work.Entries != 0 || _plan.Request.DestinationUnmapWorked ? 1UL : 0;
        work.TableBytes = (slots * 24) + (work.SlotsInspected * 8) + (work.TablesAllocated * PageSize.Bytes);
        return work;
    }

    private void CountRun(int index, ref MoveCost work)
    {
        MoveRun run = _plan.RunList[index];
        var pieces = new MovePieces(run, _geometry, _plan.IsDescending);
        while (pieces.TryNext(out ulong source, out int slots))
        {
            OpenSource(source, run.Level, ref work);
            int live = LiveSlots(source, run.Level, slots);
            if (live == 0)
                continue;
            _sourceOut[(int)run.Level] += live;
            for (PageTableLevel level = _geometry.Root - 1; level >= run.Level; level--)
                OpenDestination(Destination(source), level, index, ref work);
        }
    }

    private int LiveSlots(ulong source, PageTableLevel level, int slots)
    {
        if (_sourceLive[(int)level] == _geometry.EntriesPerTable)
            return slots;
        var address = new VirtualAddress(source);
        return _tables.TryFindTable(address, level, out FrameNumber table)
            ? PageTableTree.CountLive(_tables.Entries(table).Slice(_geometry.Index(address, level), slots))
            : 0;
    }

    private void OpenSource(ulong source, PageTableLevel level, ref MoveCost work)
    {
        for (PageTableLevel at = _geometry.Root; at >= level; at--)
        {
            ulong block = at == _geometry.Root ? 0 : Block(source, at);
            if (_sourceBlock[(int)at] == block)
                continue;
            CloseBelow(at + 1, ref work);
            _sourceBlock[(int)at] = block;
            _sourceOut[(int)at] = 0;
            var address = new VirtualAddress(source);
            if (_tables.TryFindTable(address, at, out FrameNumber table))
            {
                _sourceLive[(int)at] = _tables.Memory.LiveEntries(table);
            }
            else if (_tables.Walk(address).Entry.IsNone)
            {
                _sourceLive[(int)at] = 0;
            }
            else
            {
                _sourceLive[(int)at] = _geometry.EntriesPerTable; // a large leaf, to be split
                work.TablesAllocated++;
            }
        }
    }

    /// <summary>Ends the account of the open source tables below <paramref name="level"/>: one that lost all its entries and got none is freed.</summary>
    private void CloseBelow(PageTableLevel level, ref MoveCost work)
    {
        for (PageTableLevel at = PageTableLevel.Pte; at < level && at < _geometry.Root; at++)
        {
            ulong block = _sourceBlock[(int)at];
            _sourceBlock[(int)at] = ulong.MaxValue;
            if (block == ulong.MaxValue || _sourceOut[(int)at] == 0 || _sourceOut[(int)at] != _sourceLive[(int)at] || GetsEntries(block, at))
                continue;
            work.TablesFreed++;
            _sourceOut[(int)at + 1]++;
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
        ulong unused = 0;
        return _tables.TryFindLive(new AddressRange(new VirtualAddress((ulong)from), new VirtualAddress((ulong)to)), out _, ref unused);
    }

    private void OpenDestination(ulong destination, PageTableLevel level, int runIndex, ref MoveCost work)
    {
        ulong block = Block(destination, level);
        if (_madeBlock[(int)level] == block)
            return;
        _madeBlock[(int)level] = block;
        var address = new VirtualAddress(destination);
        bool exists = _tables.TryFindTable(address, level, out _) || _tables.Walk(address).Entry.IsMapped;
        if (!exists || (_overlaps && _plan.MovesWhole(destination, level, runIndex, _geometry)))
            work.TablesAllocated++;
    }
}
