using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>
/// Plans moves of page-table entries: reads the tables and yields runs, costs and reasons, and changes nothing.
/// </summary>
/// <remarks>Not thread-safe; a caller that holds the mapping lock exclusively owns it. Allocates nothing once its plan's lists have grown.</remarks>
internal sealed partial class MovePlanner
{
    private readonly PageTableTree _tables;
    private readonly PagingGeometry _geometry;
    private readonly VacantTables _vacant;

    // The plan that is being made, and its request in plain numbers.
    private MovePlan _plan = null!;
    private MoveCost _cost;
    private ulong _inspected;
    private ulong _start;
    private ulong _end;
    private ulong _delta;
    private PageTableLevel _congruence;
    private bool _explains;

    // What is known, or was found, to hold no entry outside the move: [_clearFrom, _start) and [_end, _clearTo).
    private ulong _clearFrom;
    private ulong _clearTo;

    // Where no entry is known to live but those of the move: [_arrivesFrom, _arrivesTo), around the destination.
    private ulong _arrivesFrom;
    private ulong _arrivesTo;

    internal MovePlanner(PageTableTree tables, VacantTables vacant)
    {
        _tables = tables;
        _geometry = tables.Geometry;
        _vacant = vacant;
    }

    /// <summary>Plans <paramref name="request"/> under <paramref name="policy"/> into <paramref name="plan"/>.</summary>
    /// <exception cref="ArgumentException">The request is not page-aligned, empty, or goes nowhere.</exception>
    internal void Plan(MovePolicy policy, in MoveRequest request, MovePlan plan)
    {
        _explains = true;
        Make(policy, request, plan);
    }

    /// <summary>The same for a plan that is only executed: without the reasons at the boundaries, and for PageShift's policy without a cost beyond the tables that it allocates.</summary>
    internal void PlanToExecute(MovePolicy policy, in MoveRequest request, MovePlan plan)
    {
        _explains = policy != MovePolicy.PageShift;
        Make(policy, request, plan);
    }

    /// <summary>The tables that the next plan would be made on.</summary>
    internal PageTableSnapshot Snapshot(ReadOnlySpan<AddressRange> ranges) => PageTableSnapshot.Of(_tables, ranges);

    private void Make(MovePolicy policy, in MoveRequest request, MovePlan plan)
    {
        if (!request.Old.IsPageAligned || !request.New.IsPageAligned || !request.Length.IsPageAligned || request.Length.Value == 0 || request.Old == request.New)
            throw new ArgumentException("A move has page-aligned addresses that differ, and a length of at least one page.", nameof(request));

        plan.Reset(policy, request);
        _plan = plan;
        _cost = default;
        _inspected = 0;
        _start = request.Old.Value;
        _end = request.Old.Value + request.Length.Value;
        _clearFrom = request.SourceClearance.IsEmpty ? _start : request.SourceClearance.Start.Value;
        _clearTo = request.SourceClearance.IsEmpty ? _end : request.SourceClearance.End.Value;
        _arrivesFrom = request.DestinationClearance.Start.Value;
        _arrivesTo = request.DestinationClearance.End.Value;
        _delta = unchecked(request.New.Value - request.Old.Value);
        _congruence = _geometry.Congruence(request.Old, request.New) ?? PageTableLevel.Pte;
        plan.Congruence = _congruence;
        if (policy == MovePolicy.PageShift)
            PlanExpanded();
        else
            PlanLinux(policy);
        if (_explains)
            SumUp(policy, plan);
        else
            plan.TablesToAllocate = CountTablesToAllocate();
        _plan = null!;
    }

    private void SumUp(MovePolicy policy, MovePlan plan)
    {
        MoveCost work = CountWork();
        plan.TablesToAllocate = work.TablesAllocated;
        plan.Work = work;
        if (policy != MovePolicy.PageShift)
        {
            _cost.TableBytes = (_cost.SlotsVisited * 24) + (_cost.TablesAllocated * PageSize.Bytes);
            work = _cost;
        }

        plan.Cost = work;
    }

    private ulong Destination(ulong source) => unchecked(source + _delta);

    private void Decide(MoveEnd end, PageTableLevel level, ulong block, BoundaryOutcome outcome, ulong obstacle = 0) =>
        _plan.BoundaryList.Add(new BoundaryDecision(
            end, level, new AddressRange(new VirtualAddress(block), new ByteLength(_geometry.Span(level))), outcome, new VirtualAddress(obstacle)));
}
