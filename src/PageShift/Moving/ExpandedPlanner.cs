using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

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
internal ref struct ExpandedPlanner
{
    private readonly PageTableTree _tables;
    private readonly PagingGeometry _geometry;
    private readonly MovePlan _plan;
    private readonly VirtualAddress _start;
    private readonly VirtualAddress _end;
    private readonly Displacement _displacement;
    private readonly PageTableLevel _congruence;
    private readonly AddressRange _arrival; // no entry is known to live in it but those of the move

    // What is known, or was found, to hold no entry outside the move: [_clearFrom, _start) and [_end, _clearTo).
    private VirtualAddress _clearFrom;
    private VirtualAddress _clearTo;
    private ulong _visited;
    private ulong _inspected;
    private FrameNumber _departed; // the table that whole blocks were last planned in
    private PageTableWalk _seen; // where the tables end on the way to the destination block that was last looked at, and that block
    private VirtualAddress _seenBlock;
    private VirtualAddress? _obstacle; // what was found in the way last

    private ExpandedPlanner(PageTableTree tables, MovePlan plan)
    {
        ref readonly MoveRequest request = ref plan.Request;
        _tables = tables;
        _geometry = tables.Geometry;
        _plan = plan;
        _start = request.Old;
        _end = request.Old + request.Length;
        _displacement = plan.Displacement;
        _congruence = plan.Congruence;
        _arrival = request.DestinationClearance;
        _clearFrom = request.SourceClearance.IsEmpty ? _start : request.SourceClearance.Start;
        _clearTo = request.SourceClearance.IsEmpty ? _end : request.SourceClearance.End;
        _departed = FrameNumber.None;
        _seenBlock = PagingGeometry.NoTable;
    }

    private readonly bool IsDescending => _displacement.IsUpward;

    /// <summary>Makes the plan.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // a frame of its own: its state is cleared only where it is used
    internal static void Plan(PageTableTree tables, MovePlan plan)
    {
        var planner = new ExpandedPlanner(tables, plan);
        planner.Plan();
    }

    private void Plan()
    {
        // Down to the highest level that matters: where the move spans several slots, or where entries may move.
        FrameNumber table = _tables.Root;
        PageTableLevel level = _geometry.Root;
        while (level > PageTableLevel.Pmd && level > _congruence && _geometry.SharesEntry(_start, LastIn(_end), level))
        {
            PageTableEntry entry = EntryFor(_start, table, level);
            if (!entry.IsTable(level))
                break;
            table = entry.Frame;
            level--;
        }

        PlanTable(table, level, _start, _end);
        _plan.SlotsVisited = _visited;
        _plan.SlotsInspected = _inspected;
        if (_plan.RunList.Count == 0)
            return;
        VirtualAddress low = _start;
        VirtualAddress high = _end;
        foreach (ref readonly MoveRun run in CollectionsMarshal.AsSpan(_plan.RunList))
        {
            low = VirtualAddress.Min(low, run.Source);
            high = VirtualAddress.Max(high, run.Source + run.Length(_geometry));
        }

        _plan.ExpandedSource = new AddressRange(low, high);
        if (_plan.RunList.Count == 1 && !_plan.SplitsLeaves)
            FindTables(_plan.RunList[0]);
    }

    /// <summary>Notes the tables that the only run leaves and arrives in, if it is one each; mostly the planner has just been there.</summary>
    private readonly void FindTables(in MoveRun run)
    {
        PageTableLevel table = run.Level + 1; // one entry of it covers one table
        VirtualAddress last = LastIn(run.Source + run.Length(_geometry));
        if (!_geometry.SharesEntry(run.Destination, last + _displacement, table))
            return;
        FrameNumber source = _geometry.SharesEntry(run.Source, last, table) ? _departed : FrameNumber.None;
        FrameNumber destination = source;
        if (source.IsNone || !_geometry.SharesEntry(run.Source, run.Destination, table))
        {
            destination = _seen.Table;
            bool isSeen = _seen.Level == run.Level && _geometry.SharesEntry(_seenBlock, run.Destination, table);
            if (!isSeen && !_tables.TryFindTable(run.Destination, run.Level, out destination))
                return;
        }

        _plan.SourceTable = source;
        _plan.DestinationTable = destination;
    }

    /// <summary>Plans [start, end), which lies in what one table covers.</summary>
    private void PlanTable(FrameNumber table, PageTableLevel level, VirtualAddress start, VirtualAddress end)
    {
        ByteLength span = Span(level);
        VirtualAddress first = start.AlignDown(span);
        VirtualAddress last = LastIn(end).AlignDown(span);
        if (level > _congruence)
        {
            OpenSlots(table, level, first, last, start, end);
            return;
        }

        bool lowOpen = !MovesWhole(table, level, first);
        bool highOpen = last != first && !MovesWhole(table, level, last);
        VirtualAddress from = lowOpen ? first + span : first;
        VirtualAddress to = highOpen || (lowOpen && first == last) ? last : last + span;
        if (lowOpen && !IsDescending)
            OpenSlot(table, level, first, start, end);
        if (highOpen && IsDescending)
            OpenSlot(table, level, last, start, end);
        if (from < to)
            AddWhole(table, level, from, to);
        if (lowOpen && IsDescending)
            OpenSlot(table, level, first, start, end);
        if (highOpen && !IsDescending)
            OpenSlot(table, level, last, start, end);
    }

    private void OpenSlots(FrameNumber table, PageTableLevel level, VirtualAddress first, VirtualAddress last, VirtualAddress start, VirtualAddress end)
    {
        ByteLength span = Span(level);
        int slots = SlotCount(first, last, level) + 1;
        for (int i = 0; i < slots;)
        {
            int index = IsDescending ? slots - 1 - i : i;
            VirtualAddress block = first + span * (ulong)index;
            int full = level == PageTableLevel.Pmd ? CountFullTables(table, block, slots - i) : 0;
            if (full == 0)
                OpenSlot(table, level, block, start, end);
            else
                AddFullTables(IsDescending ? block - span * (ulong)(full - 1) : block, full, start, end);
            i += Math.Max(1, full);
        }
    }

    /// <summary>How many slots of a PMD table, from the one for <paramref name="block"/> on in the order of the plan, point to tables without an empty slot.</summary>
    private readonly int CountFullTables(FrameNumber table, VirtualAddress block, int most)
    {
        int index = _geometry.Index(block, PageTableLevel.Pmd);
        int step = IsDescending ? -1 : 1;
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
    private void AddFullTables(VirtualAddress first, int count, VirtualAddress start, VirtualAddress end)
    {
        VirtualAddress from = VirtualAddress.Max(start, first);
        VirtualAddress to = VirtualAddress.Min(end, first + Span(PageTableLevel.Pmd) * (ulong)count);
        ulong pages = (to - from).WholePages.Value;
        _departed = FrameNumber.None;
        _visited += pages;
        _plan.AddRun(PageTableLevel.Pte, from, pages, pages);
    }

    /// <summary>Goes one level down in the slot that covers <paramref name="block"/>.</summary>
    private void OpenSlot(FrameNumber table, PageTableLevel level, VirtualAddress block, VirtualAddress start, VirtualAddress end)
    {
        PageTableEntry entry = EntryFor(block, table, level);
        VirtualAddress from = VirtualAddress.Max(start, block);
        VirtualAddress to = VirtualAddress.Min(end, block + Span(level));
        if (level == PageTableLevel.Pmd && entry.IsTable(level))
            AddWhole(entry.Frame, PageTableLevel.Pte, from, to); // pages are always whole
        else if (entry.IsTable(level))
            PlanTable(entry.Frame, level - 1, from, to);
        else if (entry.IsNone)
            _visited++;
        else
            PlanSplitLeaf(level - 1, from, to);
    }

    /// <summary>Plans the part [start, end) of a large leaf, which will be split into leaves of <paramref name="level"/>: all slots are occupied.</summary>
    private void PlanSplitLeaf(PageTableLevel level, VirtualAddress start, VirtualAddress end)
    {
        ByteLength span = Span(level);
        VirtualAddress first = start.AlignDown(span);
        int slots = SlotCount(first, LastIn(end), level) + 1;
        _plan.SplitsLeaves = true;
        for (int i = 0; i < slots; i++)
        {
            VirtualAddress block = first + span * (ulong)(IsDescending ? slots - 1 - i : i);
            if (level <= _congruence && block >= start && block + span <= end)
            {
                _plan.AddRun(level, block, 1, 1);
                _visited++;
            }
            else
            {
                PlanSplitLeaf(level - 1, VirtualAddress.Max(start, block), VirtualAddress.Min(end, block + span));
            }
        }
    }

    private void AddWhole(FrameNumber table, PageTableLevel level, VirtualAddress from, VirtualAddress to)
    {
        int slots = SlotCount(from, to, level);
        int live = slots;
        if (_tables.Memory.LiveEntries(table) != _geometry.EntriesAt(level))
            live = PageTableTree.CountLive(_tables.Entries(table, level).Slice(_geometry.Index(from, level), slots));
        _visited += (ulong)slots;
        if (live == 0)
            return;
        _departed = table;
        _plan.AddRun(level, from, (ulong)slots, (ulong)live);
    }

    /// <summary>True when the block moves as one entry: it lies wholly in the move, or the move can be expanded to it.</summary>
    private bool MovesWhole(FrameNumber table, PageTableLevel level, VirtualAddress block)
    {
        VirtualAddress blockEnd = block + Span(level);
        bool startsHere = _start > block && _start < blockEnd;
        bool endsHere = _end > block && _end < blockEnd;
        if (!startsHere && !endsHere)
            return true;

        PageTableEntry entry = EntryFor(block, table, level);
        BoundaryOutcome outcome = BoundaryOutcome.Expanded;
        _obstacle = null;
        if (entry.IsNone)
            outcome = BoundaryOutcome.NothingThere;
        else if (!entry.IsTable(level))
            outcome = BoundaryOutcome.LeafIsCut;
        else if (startsHere && LivesBelowStart(entry.Frame, level - 1, block))
            outcome = BoundaryOutcome.EntryInSource;
        else if (endsHere && LivesAboveEnd(entry.Frame, level - 1, blockEnd))
            outcome = BoundaryOutcome.EntryInSource;
        else if (StaysInDestination(table, block, level))
            outcome = BoundaryOutcome.EntryInDestination;
        if (startsHere)
            _plan.AddBoundary(MoveEnd.Start, level, block, outcome, _obstacle);
        if (endsHere)
            _plan.AddBoundary(MoveEnd.End, level, block, outcome, _obstacle);
        return outcome == BoundaryOutcome.Expanded;
    }

    private bool LivesBelowStart(FrameNumber table, PageTableLevel level, VirtualAddress block)
    {
        if (block >= _clearFrom)
            return false;
        if (Lives(table, level, block, _clearFrom))
            return true;
        _clearFrom = block;
        return false;
    }

    private bool LivesAboveEnd(FrameNumber table, PageTableLevel level, VirtualAddress blockEnd)
    {
        if (blockEnd <= _clearTo)
            return false;
        if (Lives(table, level, _clearTo, blockEnd))
            return true;
        _clearTo = blockEnd;
        return false;
    }

    /// <summary>True when an entry lives in the destination's block, one slot of <paramref name="level"/>, that the move will not have taken away.</summary>
    private bool StaysInDestination(FrameNumber sourceTable, VirtualAddress sourceBlock, PageTableLevel level)
    {
        VirtualAddress block = sourceBlock + _displacement;
        VirtualAddress blockEnd = block + Span(level);
        if (block >= _arrival.Start && blockEnd <= _arrival.End)
            return false;
        VirtualAddress below = VirtualAddress.Min(blockEnd, _start);
        VirtualAddress above = VirtualAddress.Max(block, _end);
        bool isClearBelow = block >= below || (below == _start && block >= _clearFrom); // what was found clear for the source need not be looked at again
        bool isClearAbove = above >= blockEnd || (above == _end && blockEnd <= _clearTo);
        if (isClearBelow && isClearAbove)
            return false;
        PageTableWalk walk = _geometry.SharesEntry(block, sourceBlock, level + 1)
            ? _tables.LookAt(level, sourceTable, block)
            : _tables.Walk(block, level);
        _seen = walk;
        _seenBlock = block;
        _inspected++;
        if (walk.Entry.IsNone)
            return false;
        if (walk.Level == level && walk.Entry.IsTable(level))
        {
            return (!isClearBelow && Lives(walk.Entry.Frame, level - 1, block, below))
                || (!isClearAbove && Lives(walk.Entry.Frame, level - 1, above, blockEnd));
        }

        _obstacle = isClearBelow ? above : block; // a large leaf, which covers the whole block
        return true;
    }

    private bool Lives(FrameNumber table, PageTableLevel level, VirtualAddress from, VirtualAddress to)
    {
        var cursor = new PageTableCursor(_tables, table, level, new AddressRange(from, to));
        bool lives = cursor.MoveToNextLeaf();
        _inspected += cursor.Inspected;
        if (lives)
            _obstacle = cursor.Covered.Start;
        return lives;
    }

    private readonly PageTableEntry EntryFor(VirtualAddress address, FrameNumber table, PageTableLevel level) => _tables.Memory.Entry(table, _geometry.Index(address, level));

    private readonly ByteLength Span(PageTableLevel level) => _geometry.Span(level);

    private readonly int SlotCount(VirtualAddress from, VirtualAddress to, PageTableLevel level) => (int)((to - from).Value >> _geometry.SpanShift(level));

    /// <summary>The last address below <paramref name="end"/>.</summary>
    private static VirtualAddress LastIn(VirtualAddress end) => end - new ByteLength(1);
}
