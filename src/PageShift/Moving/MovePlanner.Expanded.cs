using System.Runtime.InteropServices;
using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>
/// PageShift's own plan. Blocks that the move covers wholly move as one entry of the highest level at which source and destination are congruent.
/// A block that the move covers only in part, at either end, moves as one entry too when
/// <list type="bullet">
/// <item>nothing lives in the source's block outside the move: not one entry, whatever the mappings say, and</item>
/// <item>nothing lives in the destination's block, except entries of the source itself: those will have left, because runs go in ascending order when
/// the move goes down and in descending order when it goes up.</item>
/// </list>
/// What the mappings leave free around the two places (the request's clearances) holds no entry, and is not looked at; the rest is, slot by slot.
/// Otherwise the block is opened, and the same question is asked one level down. A single page is always whole, so the plan always ends.
/// </summary>
internal sealed partial class MovePlanner
{
    private bool _splits; // a large leaf will be taken apart
    private FrameNumber _departed; // the table that whole blocks were last planned in
    private PageTableWalk _seen; // where the tables end on the way to the destination block that was last looked at, and that block
    private ulong _seenBlock;

    private bool Descending => (long)_delta > 0;

    private void PlanExpanded()
    {
        // Down to the highest level that matters: where the move spans several slots, or where entries may move.
        _splits = false;
        _departed = FrameNumber.None;
        _seenBlock = ulong.MaxValue;
        FrameNumber table = _tables.Root;
        PageTableLevel level = _geometry.Root;
        while (level > PageTableLevel.Pmd && level > _congruence && (_start ^ (_end - 1)) >> _geometry.SpanShift(level) == 0)
        {
            PageTableEntry entry = _tables.Memory.Entry(table, _geometry.Index(new VirtualAddress(_start), level));
            if (!entry.IsTable(level))
                break;
            table = entry.Frame;
            level--;
        }

        PlanTable(table, level, _start, _end);
        if (_plan.RunList.Count == 0)
            return;
        ulong low = _start;
        ulong high = _end;
        foreach (ref readonly MoveRun run in CollectionsMarshal.AsSpan(_plan.RunList))
        {
            low = Math.Min(low, run.Source.Value);
            high = Math.Max(high, run.Source.Value + (run.Slots << _geometry.SpanShift(run.Level)));
        }

        _plan.ExpandedSource = new AddressRange(new VirtualAddress(low), new VirtualAddress(high));
    }

    /// <summary>Plans [start, end), which lies in what one table covers.</summary>
    private void PlanTable(FrameNumber table, PageTableLevel level, ulong start, ulong end)
    {
        ulong span = _geometry.Span(level);
        ulong first = start & ~(span - 1);
        ulong last = (end - 1) & ~(span - 1);
        if (level > _congruence)
        {
            OpenSlots(table, level, first, last, start, end);
            return;
        }

        bool lowOpen = !MovesWhole(table, level, first, start, end);
        bool highOpen = last != first && !MovesWhole(table, level, last, start, end);
        ulong from = lowOpen ? first + span : first;
        ulong to = highOpen || (lowOpen && first == last) ? last : last + span;
        if (lowOpen && !Descending)
            OpenSlot(table, level, first, start, end);
        if (highOpen && Descending)
            OpenSlot(table, level, last, start, end);
        if (from < to)
            AddWhole(table, level, from, to);
        if (lowOpen && Descending)
            OpenSlot(table, level, first, start, end);
        if (highOpen && !Descending)
            OpenSlot(table, level, last, start, end);
    }

    private void OpenSlots(FrameNumber table, PageTableLevel level, ulong first, ulong last, ulong start, ulong end)
    {
        ulong span = _geometry.Span(level);
        int slots = (int)((last - first) >> _geometry.SpanShift(level)) + 1;
        for (int i = 0; i < slots;)
        {
            ulong block = Descending ? last - ((ulong)i * span) : first + ((ulong)i * span);
            int full = level == PageTableLevel.Pmd ? CountFullTables(table, block, slots - i) : 0;
            if (full == 0)
                OpenSlot(table, level, block, start, end);
            else
                AddFullTables(Descending ? block - ((ulong)(full - 1) * span) : block, full, start, end);
            i += Math.Max(1, full);
        }
    }

    /// <summary>How many slots of a PMD table, from the one for <paramref name="block"/> on in the order of the plan, point to tables without an empty slot.</summary>
    private int CountFullTables(FrameNumber table, ulong block, int most)
    {
        int index = _geometry.Index(new VirtualAddress(block), PageTableLevel.Pmd);
        int step = Descending ? -1 : 1;
        PhysicalMemory memory = _tables.Memory;
        int full = 0;
        for (; full < most; full++, index += step)
        {
            PageTableEntry entry = memory.Entry(table, index);
            if (!entry.IsTable(PageTableLevel.Pmd) || memory.LiveEntries(entry.Frame) != _geometry.EntriesPerTable)
                break;
        }

        return full;
    }

    /// <summary>Plans the pages in [start, end) of <paramref name="count"/> full tables that follow one another from <paramref name="first"/> on.</summary>
    private void AddFullTables(ulong first, int count, ulong start, ulong end)
    {
        ulong from = Math.Max(start, first);
        ulong to = Math.Min(end, first + ((ulong)count << _geometry.SpanShift(PageTableLevel.Pmd)));
        ulong pages = (to - from) >> PageSize.Shift;
        _departed = FrameNumber.None;
        _cost.SlotsVisited += pages;
        _plan.AddRun(PageTableLevel.Pte, from, Destination(from), pages, pages, PageSize.Bytes);
    }

    /// <summary>Goes one level down in the slot that covers <paramref name="block"/>.</summary>
    private void OpenSlot(FrameNumber table, PageTableLevel level, ulong block, ulong start, ulong end)
    {
        PageTableEntry entry = _tables.Memory.Entry(table, _geometry.Index(new VirtualAddress(block), level));
        ulong from = Math.Max(start, block);
        ulong to = Math.Min(end, block + _geometry.Span(level));
        if (level == PageTableLevel.Pmd && entry.IsTable(level))
            AddWhole(entry.Frame, PageTableLevel.Pte, from, to); // pages are always whole
        else if (entry.IsTable(level))
            PlanTable(entry.Frame, level - 1, from, to);
        else if (entry.IsNone)
            _cost.SlotsVisited++;
        else
            PlanSplitLeaf(level - 1, from, to);
    }

    /// <summary>Plans the part [start, end) of a large leaf, which will be split into leaves of <paramref name="level"/>: all slots are occupied.</summary>
    private void PlanSplitLeaf(PageTableLevel level, ulong start, ulong end)
    {
        ulong span = _geometry.Span(level);
        ulong first = start & ~(span - 1);
        ulong count = ((end - 1 - first) >> _geometry.SpanShift(level)) + 1;
        _splits = true;
        for (ulong i = 0; i < count; i++)
        {
            ulong block = first + ((Descending ? count - 1 - i : i) * span);
            if (level <= _congruence && block >= start && block + span <= end)
            {
                _plan.AddRun(level, block, Destination(block), 1, 1, span);
                _cost.SlotsVisited++;
            }
            else
            {
                PlanSplitLeaf(level - 1, Math.Max(start, block), Math.Min(end, block + span));
            }
        }
    }

    private void AddWhole(FrameNumber table, PageTableLevel level, ulong from, ulong to)
    {
        ulong span = _geometry.Span(level);
        int index = _geometry.Index(new VirtualAddress(from), level);
        int slots = (int)((to - from) >> _geometry.SpanShift(level));
        int live = _tables.Memory.LiveEntries(table);
        if (live != _geometry.EntriesPerTable)
            live = PageTableTree.CountLive(_tables.Entries(table).Slice(index, slots));
        else
            live = slots;
        _cost.SlotsVisited += (ulong)slots;
        if (live == 0)
            return;
        _departed = table;
        _plan.AddRun(level, from, Destination(from), (ulong)slots, (ulong)live, span);
    }

    /// <summary>True when the block moves as one entry: it lies wholly in the move, or the move can be expanded to it.</summary>
    private bool MovesWhole(FrameNumber table, PageTableLevel level, ulong block, ulong start, ulong end)
    {
        ulong blockEnd = block + _geometry.Span(level);
        bool startsHere = _start > block && _start < blockEnd;
        bool endsHere = _end > block && _end < blockEnd;
        if (!startsHere && !endsHere)
            return true;

        PageTableEntry entry = _tables.Memory.Entry(table, _geometry.Index(new VirtualAddress(block), level));
        BoundaryOutcome outcome = BoundaryOutcome.Expanded;
        ulong obstacle = 0;
        if (entry.IsNone)
            outcome = BoundaryOutcome.NothingThere;
        else if (!entry.IsTable(level))
            outcome = BoundaryOutcome.LeafIsCut;
        else if (startsHere && LivesBelowStart(entry.Frame, level - 1, block, out obstacle))
            outcome = BoundaryOutcome.EntryInSource;
        else if (endsHere && LivesAboveEnd(entry.Frame, level - 1, blockEnd, out obstacle))
            outcome = BoundaryOutcome.EntryInSource;
        else if (StaysInDestination(table, block, level, out obstacle))
            outcome = BoundaryOutcome.EntryInDestination;
        if (!_explains)
            return outcome == BoundaryOutcome.Expanded;
        if (startsHere)
            Decide(MoveEnd.Start, level, block, outcome, obstacle);
        if (endsHere)
            Decide(MoveEnd.End, level, block, outcome, obstacle);
        return outcome == BoundaryOutcome.Expanded;
    }

    private bool LivesBelowStart(FrameNumber table, PageTableLevel level, ulong block, out ulong obstacle)
    {
        obstacle = 0;
        bool lives = block < _clearFrom && Lives(table, level, block, _clearFrom, out obstacle);
        if (!lives)
            _clearFrom = Math.Min(_clearFrom, block);
        return lives;
    }

    private bool LivesAboveEnd(FrameNumber table, PageTableLevel level, ulong blockEnd, out ulong obstacle)
    {
        obstacle = 0;
        bool lives = blockEnd > _clearTo && Lives(table, level, _clearTo, blockEnd, out obstacle);
        if (!lives)
            _clearTo = Math.Max(_clearTo, blockEnd);
        return lives;
    }

    /// <summary>True when an entry lives in the destination's block, one slot of <paramref name="level"/>, that the move will not have taken away.</summary>
    private bool StaysInDestination(FrameNumber sourceTable, ulong sourceBlock, PageTableLevel level, out ulong obstacle)
    {
        obstacle = 0;
        ulong block = Destination(sourceBlock);
        ulong blockEnd = block + _geometry.Span(level);
        if (block >= _arrivesFrom && blockEnd <= _arrivesTo)
            return false;
        ulong below = Math.Min(blockEnd, _start);
        ulong above = Math.Max(block, _end);
        bool isClearBelow = block >= below || (below == _start && block >= _clearFrom); // what was found clear for the source need not be looked at again
        bool isClearAbove = above >= blockEnd || (above == _end && blockEnd <= _clearTo);
        if (isClearBelow && isClearAbove)
            return false;
        PageTableWalk walk = Block(block, level) == Block(sourceBlock, level)
            ? _tables.LookAt(level, sourceTable, new VirtualAddress(block))
            : _tables.WalkTo(level, new VirtualAddress(block));
        _seen = walk;
        _seenBlock = block;
        _inspected++;
        if (walk.Entry.IsNone)
            return false;
        if (walk.Level == level && walk.Entry.IsTable(level))
        {
            return (!isClearBelow && Lives(walk.Entry.Frame, level - 1, block, below, out obstacle))
                || (!isClearAbove && Lives(walk.Entry.Frame, level - 1, above, blockEnd, out obstacle));
        }

        obstacle = isClearBelow ? above : block; // a large leaf, which covers the whole block
        return true;
    }

    private bool Lives(FrameNumber table, PageTableLevel level, ulong from, ulong to, out ulong obstacle)
    {
        if (level == PageTableLevel.Pte)
            return LivesAmongPages(table, from, to, out obstacle);
        var found = new VirtualAddress(from);
        bool lives = _tables.TryFindLive(table, level, from, to, ref found, ref _inspected);
        obstacle = lives ? found.Value : 0;
        return lives;
    }

    private bool LivesAmongPages(FrameNumber table, ulong from, ulong to, out ulong obstacle)
    {
        int slots = (int)((to - from) >> PageSize.Shift);
        int live = PageTableTree.IndexOfLive(_tables.Entries(table).Slice(_geometry.Index(new VirtualAddress(from), PageTableLevel.Pte), slots));
        _inspected += (ulong)(live < 0 ? slots : live + 1);
        obstacle = live < 0 ? 0 : from + ((ulong)live << PageSize.Shift);
        return live >= 0;
    }
}
