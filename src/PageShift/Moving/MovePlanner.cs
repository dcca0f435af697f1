using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>Plans moves of page-table entries: reads the tables, and changes nothing. Each idea of a plan is a type of its own: <see cref="ExpandedPlanner"/>, <see cref="LinuxPlanner"/>.</summary>
/// <remarks>Not thread-safe; a caller that holds the mapping lock exclusively owns it. Allocates nothing once its plan's lists have grown.</remarks>
internal sealed class MovePlanner(PageTableTree tables, LinuxTables linux, TableMoveSupport support, bool gathersTables = true)
{
    /// <summary>Plans <paramref name="request"/> under <paramref name="policy"/> into <paramref name="plan"/>, with what it costs.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="request">What is to be moved.</param>
    /// <param name="plan">Takes the plan.</param>
    /// <param name="older">The plan of the same move under the policy before, where it is known: often little of it is different.</param>
    /// <exception cref="ArgumentException">The request is not page-aligned, empty, or goes nowhere.</exception>
    internal void Plan(MovePolicy policy, in MoveRequest request, MovePlan plan, MovePlan? older = null)
    {
        if (older is not null && policy != MovePolicy.PageShift && LinuxPlanner.TryPlanLike(older, Release(older.Policy), Release(policy), tables, linux, policy, plan))
            return;
        PlanRuns(policy, request, plan);
        plan.Work = TableCount.Work(tables, plan);
        plan.TablesToAllocate = plan.Work.TablesAllocated;
        if (policy == MovePolicy.PageShift)
            plan.Cost = plan.Work;
    }

    /// <summary>The same for a plan that nobody looks at: without what it costs, but for the tables that it takes.</summary>
    internal void PlanToExecute(MovePolicy policy, in MoveRequest request, MovePlan plan)
    {
        PlanRuns(policy, request, plan);
        plan.TablesToAllocate = plan.DestinationTable.IsNone ? TableCount.ToAllocate(tables, plan) : 0;
    }

    /// <summary>The tables that the next plan would be made on.</summary>
    internal PageTableSnapshot Snapshot(ReadOnlySpan<AddressRange> ranges) => PageTableSnapshot.Of(tables, ranges);

    private void PlanRuns(MovePolicy policy, in MoveRequest request, MovePlan plan)
    {
        if (!request.Old.IsPageAligned || !request.New.IsPageAligned || !request.Length.IsPageAligned || request.Length == ByteLength.Zero || request.Old == request.New)
            throw new ArgumentException("A move has page-aligned addresses that differ, and a length of at least one page.", nameof(request));

        plan.Reset(policy, request, tables.Geometry);
        if (policy == MovePolicy.PageShift)
            ExpandedPlanner.Plan(tables, plan);
        else
            LinuxPlanner.Plan(Release(policy), tables, linux, plan);
    }

    private LinuxRelease Release(MovePolicy policy) => LinuxRelease.Of(policy, support, gathersTables);
}
