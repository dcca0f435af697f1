using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>Sees moves of page-table entries just before they are made.</summary>
public interface IMoveObserver
{
    /// <summary>A move is about to be made. Called with the address space locked: it must not be called into.</summary>
    void Moving(MoveObservation move);
}

/// <summary>A move that is about to be made, and what it would cost under any policy. Good only during the observer's call.</summary>
public sealed class MoveObservation
{
    private readonly MovePlanner _planner;
    private MoveRequest _request;
    private bool _isOpen;

    internal MoveObservation(MovePlanner planner) => _planner = planner;

    /// <summary>What is about to move, and the mappings around it.</summary>
    public MoveRequest Request => _isOpen ? _request : throw Closed();

    /// <summary>Plans the move under <paramref name="policy"/> into <paramref name="plan"/>. Changes nothing.</summary>
    /// <exception cref="InvalidOperationException">The observer's call is over.</exception>
    public void Plan(MovePolicy policy, MovePlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _planner.Plan(policy, Request, plan);
    }

    /// <summary>The page tables from the root down, as far as they touch one of <paramref name="ranges"/>: as they are before the move.</summary>
    /// <exception cref="InvalidOperationException">The observer's call is over.</exception>
    public PageTableSnapshot GetTables(params ReadOnlySpan<AddressRange> ranges) => _isOpen ? _planner.Snapshot(ranges) : throw Closed();

    /// <summary>For tests: the same from the entries alone, without what the mappings around the move tell.</summary>
    internal void PlanByEntries(MovePolicy policy, MovePlan plan) =>
        _planner.Plan(policy, Request with { SourceClearance = default, DestinationClearance = default }, plan);

    internal void Open(in MoveRequest request)
    {
        _request = request;
        _isOpen = true;
    }

    internal void Close() => _isOpen = false;

    private static InvalidOperationException Closed() => new("A move can be looked at only while its observer is called.");
}
