using System.Runtime.CompilerServices;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>
/// The plans of Linux's releases. Linux goes up from the start in pieces that end at the next boundary of source or destination, and moves a piece as one
/// entry when it is exactly one entry's span; tables that are empty count as tables. Source: LINUX-MM section 7, measured on several releases (docs/kernels.md).
/// </summary>
internal ref struct LinuxPlanner
{
    // A release that gathers freed tables gathers this many before it flushes.
    private const ulong TablesPerFlush = 509;

    private readonly LinuxRelease _release;
    private readonly PageTableTree _tables;
    private readonly PagingGeometry _geometry;
    private readonly LinuxTables _linux;
    private readonly MovePlan _plan;
    private readonly VirtualAddress _start;
    private readonly VirtualAddress _end;
    private readonly bool _isApart; // nothing arrives where entries leave, so that what stands in the destination stays
    private readonly bool _movesTables;
    private MoveCost _cost;
    private TableStarts _there; // the destination table that was made last, or found where all stays; the walk goes up, so the last is enough
    private TableStarts _left; // the source table that entries were last taken out of, to count each once when the source goes

    private LinuxPlanner(LinuxRelease release, PageTableTree tables, LinuxTables linux, MovePlan plan)
    {
        _release = release;
        _tables = tables;
        _geometry = tables.Geometry;
        _linux = linux;
        _plan = plan;
        _start = plan.Request.Old;
        _end = plan.Request.Old + plan.Request.Length;
        _movesTables = !plan.Request.KeepsTables || plan.Policy < MovePolicy.Linux67;
        ByteLength span = _geometry.Span(PageTableLevel.Pmd);
        var leaving = new AddressRange(_start.AlignDown(span), _end);
        _isApart = !leaving.Overlaps(new AddressRange(plan.Request.New.AlignDown(span), plan.Request.New + plan.Request.Length));
        for (int level = 0; level < PagingGeometry.MaximumLevels; level++)
        {
            _there[level] = PagingGeometry.NoTable;
            _left[level] = PagingGeometry.NoTable;
        }
    }

    /// <summary>Makes the plan, with what the move costs Linux.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // a frame of its own: its state is cleared only where it is used
    internal static void Plan(LinuxRelease release, PageTableTree tables, LinuxTables linux, MovePlan plan)
    {
        var planner = new LinuxPlanner(release, tables, linux, plan);
        planner.Plan();
    }

    /// <summary>Makes the plan out of that of an older release, where the two differ in little: where source and destination are not congruent, no piece is an entry's span, and page by page all
    /// releases move alike.</summary>
    /// <returns>False when they may differ in more; then there is no plan.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // as above
    internal static bool TryPlanLike(MovePlan older, LinuxRelease olderRelease, LinuxRelease release, PageTableTree tables, LinuxTables linux, MovePolicy policy, MovePlan plan)
    {
        bool differInHoles = older.PassesOverPuds && olderRelease.MovesPuds != release.MovesPuds; // they visit other numbers of slots there
        if (older.Congruence >= PageTableLevel.Pmd || differInHoles)
            return false;
        plan.CopyFrom(older, policy);
        MoveCost cost = older.Cost;
        cost.TlbFlushes += FlushesOfFreedTables(release, cost.TablesFreed) - FlushesOfFreedTables(olderRelease, cost.TablesFreed);
        plan.Cost = cost;
        var planner = new LinuxPlanner(release, tables, linux, plan);
        if (release.ExpandsStart)
            _ = planner.Realign(); // says why it does not
        return true;
    }

    private static ulong FlushesOfFreedTables(LinuxRelease release, ulong tables) => release.GathersTables ? (tables + (TablesPerFlush - 1)) / TablesPerFlush : Math.Min(tables, 1);

    private void Plan()
    {
        VirtualAddress start = _release.ExpandsStart ? Realign() : _start;
        for (VirtualAddress at = start; at < _end;)
            at += MovePiece(at);
        _cost.TlbFlushes += FlushesOfFreedTables(_release, _cost.TablesFreed);
        _cost.TlbFlushes += (ulong)_plan.Request.UnmapFlushes;
        _cost.TableBytes = (_cost.SlotsVisited * 24) + (_cost.TablesAllocated * _geometry.TableBytes);
        _plan.ExpandedSource = new AddressRange(start, _end);
        _plan.SlotsVisited = _cost.SlotsVisited;
        _plan.Cost = _cost;
    }

    /// <summary>Tells whether Linux 6.7 expands the start of a move, which is not aligned; and if a mapping is in the way, its last page.</summary>
    internal static BoundaryOutcome RealignOutcome(in MoveRequest request, PageTableLevel congruence, PagingGeometry geometry, out VirtualAddress? obstacle)
    {
        ByteLength span = geometry.Span(PageTableLevel.Pmd);
        VirtualAddress block = request.Old.AlignDown(span);
        obstacle = null;
        if (congruence < PageTableLevel.Pmd)
            return BoundaryOutcome.NotCongruent;
        if (request.Length < block + span - request.Old)
            return BoundaryOutcome.TooShort;
        if (!request.IsStackMove && (!request.SourceStartsMapping || !request.DestinationStartsMapping))
            return BoundaryOutcome.NotAtMappingStart;
        if (request.SourcePredecessorEnd > block)
        {
            obstacle = request.SourcePredecessorEnd - PageSize.Length;
            return BoundaryOutcome.MappingInSource;
        }

        if (request.DestinationPredecessorEnd > request.New.AlignDown(span))
        {
            obstacle = request.DestinationPredecessorEnd - PageSize.Length;
            return BoundaryOutcome.MappingInDestination;
        }

        return BoundaryOutcome.Expanded;
    }

    /// <summary>Linux 6.7's expansion: the start only, to a PMD boundary only, and only if no mapping is in the way. Returns the start.</summary>
    private readonly VirtualAddress Realign()
    {
        VirtualAddress block = _start.AlignDown(_geometry.Span(PageTableLevel.Pmd));
        if (block == _start)
            return _start;
        BoundaryOutcome outcome = RealignOutcome(_plan.Request, _plan.Congruence, _geometry, out VirtualAddress? obstacle);
        _plan.AddBoundary(MoveEnd.Start, PageTableLevel.Pmd, block, outcome, obstacle);
        return outcome == BoundaryOutcome.Expanded ? block : _start;
    }

    /// <summary>Moves the piece from <paramref name="at"/>; returns its bytes.</summary>
    private ByteLength MovePiece(VirtualAddress at)
    {
        ByteLength piece = Piece(at, PageTableLevel.Pud);
        PageTableWalk walk = _tables.Walk(at);
        if (_geometry.Levels > 2 && !EntryExists(walk, at, PageTableLevel.Pud))
        {
            _plan.PassesOverPuds = true;
            _cost.SlotsVisited += _release.MovesPuds ? 1 : (piece.Value + Span(PageTableLevel.Pmd).Value - 1) >> _geometry.SpanShift(PageTableLevel.Pmd);
            return piece;
        }

        LeaveTable(at, PageTableLevel.Pud);
        MakeDestination(at, PageTableLevel.Pud);
        if (_geometry.Levels > 2 && piece == Span(PageTableLevel.Pud) && ((_release.MovesPuds && _movesTables) || IsLeaf(walk, PageTableLevel.Pud)) && TryMoveEntry(walk, at, PageTableLevel.Pud))
            return piece;

        piece = Piece(at, PageTableLevel.Pmd);
        if (!EntryExists(walk, at, PageTableLevel.Pmd))
        {
            _cost.SlotsVisited++;
            return piece;
        }

        LeaveTable(at, PageTableLevel.Pmd);
        MakeDestination(at, PageTableLevel.Pmd);
        if (piece == Span(PageTableLevel.Pmd) && ((_release.MovesPmds && _movesTables) || IsLeaf(walk, PageTableLevel.Pmd)) && TryMoveEntry(walk, at, PageTableLevel.Pmd))
            return piece;

        MovePages(walk, at, piece.WholePages);
        return piece;
    }

    private void MovePages(in PageTableWalk walk, VirtualAddress at, PageCount pages)
    {
        MakeDestination(at, PageTableLevel.Pte);
        LeaveTable(at, PageTableLevel.Pte);
        ulong live = LivePages(walk, at, pages);
        _cost.SlotsVisited += pages.Value;
        if (live == 0)
            return;
        _cost.Pte += live;
        _cost.Extents++;
        _cost.TlbFlushes++;
        _plan.AddRun(PageTableLevel.Pte, at, pages.Value, live);
    }

    private ulong LivePages(in PageTableWalk walk, VirtualAddress at, PageCount pages)
    {
        if (walk.Level > PageTableLevel.Pte)
        {
            if (walk.Entry.IsNone)
                return 0;
            _plan.SplitsLeaves = true;
            if (at == _start || at.IsAligned(_geometry.Span(walk.Level)))
                _cost.TlbFlushes++; // the split of a large leaf
            return pages.Value;
        }

        return _tables.Memory.LiveEntries(walk.Table) == _geometry.EntriesPerTable
            ? pages.Value
            : (ulong)PageTableTree.CountLive(_tables.Entries(walk.Table, PageTableLevel.Pte).Slice(walk.Index, (int)pages.Value));
    }

    /// <summary>Moves one whole entry, unless a table, even an empty one, is in the destination's slot: then Linux warns and goes on with smaller pieces.</summary>
    private bool TryMoveEntry(in PageTableWalk walk, VirtualAddress at, PageTableLevel level)
    {
        if (EntryExistsInDestination(at + _plan.Displacement, level))
        {
            _cost.Warned = true;
            return false;
        }

        bool isReal = walk.Level < level || !walk.Entry.IsNone;
        _plan.SplitsLeaves |= walk.Level > level && isReal;
        _cost.AddEntries(level, 1);
        _cost.SlotsVisited++;
        _cost.Extents++;
        _cost.TlbFlushes++;
        _plan.AddRun(level, at, 1, isReal ? 1UL : 0);
        return true;
    }

    /// <summary>The bytes up to the next boundary of <paramref name="level"/> in source or destination, or to the end.</summary>
    private readonly ByteLength Piece(VirtualAddress at, PageTableLevel level)
    {
        VirtualAddress to = at + _plan.Displacement;
        ByteLength span = Span(level);
        ByteLength piece = ByteLength.Min(at.AlignDown(span) + span - at, to.AlignDown(span) + span - to);
        return ByteLength.Min(piece, _end - at);
    }

    private static bool IsLeaf(in PageTableWalk walk, PageTableLevel level) => walk.Level == level && walk.IsMapped;

    /// <summary>True when the slot of <paramref name="level"/> holds something in Linux: a leaf, a table, or an empty table that Linux keeps.</summary>
    private readonly bool EntryExists(in PageTableWalk walk, VirtualAddress at, PageTableLevel level) =>
        walk.Level < level || !walk.Entry.IsNone || _linux.KeepsEmpty(level - 1, at);

    private readonly bool EntryExistsInDestination(VirtualAddress to, PageTableLevel level)
    {
        if (_there[(int)level - 1] == TableStart(to, level - 1))
            return true;
        return EntryExists(_tables.Walk(to, level), to, level) && (_isApart || !_plan.MovesWhole(to, level - 1));
    }

    /// <summary>Makes the destination's table whose entries are of <paramref name="level"/>, and those above it, if they are not there.</summary>
    private void MakeDestination(VirtualAddress at, PageTableLevel level)
    {
        VirtualAddress to = at + _plan.Displacement;
        for (PageTableLevel make = _geometry.Root - 1; make >= level; make--)
        {
            VirtualAddress start = TableStart(to, make);
            if (_there[(int)make] == start)
                continue;
            bool exists = EntryExistsInDestination(to, make + 1);
            if (!exists)
                _cost.TablesAllocated++;
            if (!exists || _isApart)
                _there[(int)make] = start;
        }
    }

    /// <summary>Notes that entries are taken out of the source's table of <paramref name="level"/>, which therefore stays behind, empty in
    /// the end; when the source goes, so does the table, unless it reaches into what stays mapped.</summary>
    private void LeaveTable(VirtualAddress at, PageTableLevel level)
    {
        VirtualAddress start = TableStart(at, level);
        if (level >= _geometry.Root || _left[(int)level] == start)
            return;
        _left[(int)level] = start;
        ref readonly MoveRequest request = ref _plan.Request;
        if (request.SourceGoes && start >= request.SourceFloor && start + _geometry.TableSpan(level) <= request.SourceCeiling)
            _cost.TablesFreed++;
    }

    private readonly ByteLength Span(PageTableLevel level) => _geometry.Span(level);

    private readonly VirtualAddress TableStart(VirtualAddress address, PageTableLevel level) => address.AlignDown(_geometry.TableSpan(level));

    /// <summary>For each level the first address that a table covers; <see cref="PagingGeometry.NoTable"/> for none.</summary>
    [InlineArray(PagingGeometry.MaximumLevels)]
    private struct TableStarts
    {
        private VirtualAddress _pte;
    }
}
