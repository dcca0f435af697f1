using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>
/// The plans of Linux's generations. Linux goes up from the start in pieces that end at the next boundary of source or destination, and moves a piece as one
/// entry when it is exactly one entry's span; tables that are empty count as tables. Source: docs/linux-rules.md section 7, measured on 6.18.
/// </summary>
internal sealed partial class MovePlanner
{
    // Linux gathers this many freed tables before it flushes.
    private const ulong TablesPerFlush = 509;

    // The destination table that was made last, per level; ulong.MaxValue for none. The walk goes up, so the last is enough.
    private readonly ulong[] _made = new ulong[PagingGeometry.MaximumLevels];

    // The source table that entries were last taken out of, per level, to count each once when the source goes.
    private readonly ulong[] _left = new ulong[PagingGeometry.MaximumLevels];

    private MovePolicy _policy;

    private void PlanLinux(MovePolicy policy)
    {
        _policy = policy;
        Array.Fill(_made, ulong.MaxValue);
        Array.Fill(_left, ulong.MaxValue);
        ulong start = policy >= MovePolicy.Linux67 ? Realign() : _start;
        for (ulong at = start; at < _end;)
            at += MovePiece(at);
        _cost.TlbFlushes += (_cost.TablesFreed + (TablesPerFlush - 1)) / TablesPerFlush;
        if (_plan.Request.DestinationUnmapWorked)
            _cost.TlbFlushes++;
        _plan.ExpandedSource = new AddressRange(new VirtualAddress(start), new VirtualAddress(_end));
    }

    /// <summary>Linux 6.7's expansion: the start only, to a PMD boundary only, and only if no mapping is in the way. Returns the start.</summary>
    private ulong Realign()
    {
        ulong block = _start & ~(_geometry.Span(PageTableLevel.Pmd) - 1);
        if (block == _start)
            return _start;
        BoundaryOutcome outcome = RealignOutcome(_plan.Request, _congruence, _geometry, out ulong obstacle);
        Decide(MoveEnd.Start, PageTableLevel.Pmd, block, outcome, obstacle);
        return outcome == BoundaryOutcome.Expanded ? block : _start;
    }

    /// <summary>Tells whether Linux 6.7 expands the start of a move, which is not aligned; and if a mapping is in the way, its last page.</summary>
    internal static BoundaryOutcome RealignOutcome(in MoveRequest request, PageTableLevel congruence, PagingGeometry geometry, out ulong obstacle)
    {
        ulong span = geometry.Span(PageTableLevel.Pmd);
        ulong block = request.Old.Value & ~(span - 1);
        obstacle = 0;
        if (congruence < PageTableLevel.Pmd)
            return BoundaryOutcome.NotCongruent;
        if (request.Length.Value < block + span - request.Old.Value)
            return BoundaryOutcome.TooShort;
        if (!request.IsStackMove && (!request.SourceStartsMapping || !request.DestinationStartsMapping))
            return BoundaryOutcome.NotAtMappingStart;
        if (request.SourcePredecessorEnd.Value > block)
        {
            obstacle = request.SourcePredecessorEnd.Value - PageSize.Bytes;
            return BoundaryOutcome.MappingInSource;
        }

        if (request.DestinationPredecessorEnd.Value > (request.New.Value & ~(span - 1)))
        {
            obstacle = request.DestinationPredecessorEnd.Value - PageSize.Bytes;
            return BoundaryOutcome.MappingInDestination;
        }

        return BoundaryOutcome.Expanded;
    }

    /// <summary>Moves the piece from <paramref name="at"/>; returns its bytes.</summary>
    private ulong MovePiece(ulong at)
    {
        ulong piece = Piece(at, PageTableLevel.Pud);
        if (_geometry.Levels > 2 && !EntryExists(at, PageTableLevel.Pud))
        {
            _cost.SlotsVisited += _policy >= MovePolicy.Linux511 ? 1 : (piece + _geometry.Span(PageTableLevel.Pmd) - 1) >> _geometry.SpanShift(PageTableLevel.Pmd);
            return piece;
        }

        LeaveTable(at, PageTableLevel.Pud);
        MakeDestination(at, PageTableLevel.Pud);
        if (_geometry.Levels > 2 && piece == _geometry.Span(PageTableLevel.Pud) && (_policy >= MovePolicy.Linux511 || IsLeaf(at, PageTableLevel.Pud)) && TryMoveEntry(at, PageTableLevel.Pud))
            return piece;

        piece = Piece(at, PageTableLevel.Pmd);
        if (!EntryExists(at, PageTableLevel.Pmd))
        {
            _cost.SlotsVisited++;
            return piece;
        }

        LeaveTable(at, PageTableLevel.Pmd);
        MakeDestination(at, PageTableLevel.Pmd);
        if (piece == _geometry.Span(PageTableLevel.Pmd) && (_policy >= MovePolicy.Linux50 || IsLeaf(at, PageTableLevel.Pmd)) && TryMoveEntry(at, PageTableLevel.Pmd))
            return piece;

        MovePages(at, piece);
        return piece;
    }

    private void MovePages(ulong at, ulong piece)
    {
        MakeDestination(at, PageTableLevel.Pte);
        LeaveTable(at, PageTableLevel.Pte);
        ulong slots = piece >> PageSize.Shift;
        ulong live = LivePages(at, (int)slots);
        _cost.SlotsVisited += slots;
        if (live == 0)
            return;
        _cost.Pte += live;
        _cost.Extents++;
        _cost.TlbFlushes++;
        _plan.AddRun(PageTableLevel.Pte, at, Destination(at), slots, live, PageSize.Bytes);
    }

    private ulong LivePages(ulong at, int slots)
    {
        var address = new VirtualAddress(at);
        PageTableWalk walk = _tables.Walk(address);
        if (walk.Level > PageTableLevel.Pte)
        {
            if (walk.Entry.IsNone)
                return 0;
            if (at == _start || (at & (_geometry.Span(walk.Level) - 1)) == 0)
                _cost.TlbFlushes++; // the split of a large leaf
            return (ulong)slots;
        }

        return _tables.Memory.LiveEntries(walk.Table) == _geometry.EntriesPerTable
            ? (ulong)slots
            : (ulong)PageTableTree.CountLive(_tables.Entries(walk.Table).Slice(walk.Index, slots));
    }

    /// <summary>Moves one whole entry, unless a table, even an empty one, is in the destination's slot: then Linux warns and goes on with smaller pieces.</summary>
    private bool TryMoveEntry(ulong at, PageTableLevel level)
    {
        if (EntryExistsInDestination(Destination(at), level))
        {
            _cost.Warned = true;
            return false;
        }

        PageTableWalk walk = _tables.Walk(new VirtualAddress(at));
        bool real = walk.Level < level || !walk.Entry.IsNone;
        _cost.Add(level, 1);
        _cost.SlotsVisited++;
        _cost.Extents++;
        _cost.TlbFlushes++;
        _plan.AddRun(level, at, Destination(at), 1, real ? 1UL : 0, _geometry.Span(level));
        return true;
    }

    /// <summary>The bytes up to the next boundary of <paramref name="level"/> in source or destination, or to the end.</summary>
    private ulong Piece(ulong at, PageTableLevel level)
    {
        ulong span = _geometry.Span(level);
        ulong piece = Math.Min(span - (at & (span - 1)), span - (Destination(at) & (span - 1)));
        return Math.Min(piece, _end - at);
    }

    private bool IsLeaf(ulong at, PageTableLevel level)
    {
        PageTableWalk walk = _tables.Walk(new VirtualAddress(at));
        return walk.Level == level && walk.IsMapped;
    }

    /// <summary>True when the slot of <paramref name="level"/> holds something in Linux: a leaf, a table, or an empty table that Linux keeps.</summary>
    private bool EntryExists(ulong at, PageTableLevel level)
    {
        if (_vacant.Contains(level - 1, at))
            return true;
        var address = new VirtualAddress(at);
        PageTableWalk walk = _tables.Walk(address);
        return walk.Level < level || !walk.Entry.IsNone;
    }

    private bool EntryExistsInDestination(ulong at, PageTableLevel level)
    {
        if (_made[(int)level - 1] == Block(at, level - 1))
            return true;
        return EntryExists(at, level) && !_plan.MovesWhole(at, level - 1, _plan.RunList.Count, _geometry);
    }

    /// <summary>Makes the destination's table whose entries are of <paramref name="level"/>, and those above it, if they are not there.</summary>
    private void MakeDestination(ulong at, PageTableLevel level)
    {
        ulong to = Destination(at);
        for (PageTableLevel make = _geometry.Root - 1; make >= level; make--)
        {
            ulong block = Block(to, make);
            if (_made[(int)make] == block || EntryExistsInDestination(to, make + 1))
                continue;
            _made[(int)make] = block;
            _cost.TablesAllocated++;
        }
    }

    /// <summary>Notes that entries are taken out of the source's table of <paramref name="level"/>, which therefore stays behind, empty in
    /// the end; when the source goes, so does the table, unless it reaches into what stays mapped.</summary>
    private void LeaveTable(ulong at, PageTableLevel level)
    {
        ulong block = Block(at, level);
        if (level >= _geometry.Root || _left[(int)level] == block)
            return;
        _left[(int)level] = block;
        MoveRequest request = _plan.Request;
        if (request.SourceGoes && block >= request.SourceFloor.Value && block + _geometry.TableSpan(level) <= request.SourceCeiling.Value)
            _cost.TablesFreed++;
    }

    private ulong Block(ulong at, PageTableLevel level) => at & ~(_geometry.TableSpan(level) - 1);
}
