using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>Sees moves of page-table entries just before they are made.</summary>
public interface IMoveObserver
{
    /// <summary>A move is about to be made. Called with the address space locked: it must not be called into.</summary>
    void Moving(MoveObservation move);
}

/// <summary>A move that is about to be made, and its plan under any policy. Good only during the observer's call.</summary>
public sealed class MoveObservation
{
    private readonly MovePlanner _planner;

    // By policy: made when it is first asked for, and used again for the next move.
    private readonly MovePlan?[] _plans = new MovePlan?[MovePolicyName.All.Count];
    private readonly bool[] _isPlanned = new bool[MovePolicyName.All.Count];
    private MoveRequest _request;
    private bool _isOpen;

    internal MoveObservation(MovePlanner planner) => _planner = planner;

    /// <summary>What is about to move, and the mappings around it.</summary>
    /// <exception cref="InvalidOperationException">The observer's call is over.</exception>
    public MoveRequest Request => _isOpen ? _request : throw Closed();

    /// <summary>How the move would be made under <paramref name="policy"/>, and what it would cost. The plan for the policy that is in force is the very one that is then executed.</summary>
    /// <returns>A plan that is good during the observer's call: what is to be kept of it must be copied.</returns>
    /// <exception cref="InvalidOperationException">The observer's call is over.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="policy"/> is not one of the defined values.</exception>
    public MovePlan Plan(MovePolicy policy)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)policy, (uint)_plans.Length, nameof(policy));
        if (!_isOpen)
            throw Closed();
        MovePlan plan = _plans[(int)policy] ??= new MovePlan(isShown: true);
        if (!_isPlanned[(int)policy])
            _planner.Plan(policy, _request, plan, policy == MovePolicy.Linux420 ? null : Shown(policy - 1));
        _isPlanned[(int)policy] = true;
        return plan;
    }

    /// <summary>The page tables from the root down, as far as they touch one of <paramref name="ranges"/>: as they are before the move.</summary>
    /// <exception cref="InvalidOperationException">The observer's call is over.</exception>
    public PageTableSnapshot GetTables(params ReadOnlySpan<AddressRange> ranges) => _isOpen ? _planner.Snapshot(ranges) : throw Closed();

    /// <summary>For tests: PageShift's plan from the entries alone, without what the mappings around the move tell.</summary>
    internal void PlanByEntries(MovePlan plan) =>
        _planner.Plan(MovePolicy.PageShift, Request with { SourceClearance = default, DestinationClearance = default }, plan);

    /// <summary>Shows a move to <paramref name="observer"/>.</summary>
    internal void Show(in MoveRequest request, IMoveObserver observer)
    {
        _request = request;
        Array.Clear(_isPlanned);
        _isOpen = true;
        try
        {
            observer.Moving(this);
        }
        finally
        {
            _isOpen = false;
        }
    }

    /// <summary>The plan that the observer has seen for <paramref name="policy"/>; null when it did not ask for it.</summary>
    internal MovePlan? Shown(MovePolicy policy) => _isPlanned[(int)policy] ? _plans[(int)policy] : null;

    private static InvalidOperationException Closed() => new("A move can be looked at only while its observer is called.");
}
