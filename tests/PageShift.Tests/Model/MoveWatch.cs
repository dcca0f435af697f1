using PageShift.Moving;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Watches the moves of one space: plans each under all policies, and compares the plan that is executed with what its execution counts.</summary>
internal sealed class MoveWatch(AddressSpace space) : IMoveObserver
{
    private readonly MovePlan _plan = new();
    private readonly MovePlan _planByEntries = new();
    private MoveCost? _planned;

    /// <summary>The moves so far, and the entries of each level that they moved.</summary>
    internal MoveTotals Totals { get; } = new();

    public void Moving(MoveObservation move)
    {
        CompareWithExecution();
        ulong leastOfLinux = ulong.MaxValue;
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            move.Plan(policy, _plan);
            if (policy != MovePolicy.PageShift)
                leastOfLinux = Math.Min(leastOfLinux, _plan.Work.Entries);
            else if (_plan.Cost.Entries > leastOfLinux)
                throw new OracleMismatchException($"PageShift would move {_plan.Cost.Entries} entries, Linux {leastOfLinux}.");
            if (policy == space.Policy)
                _planned = Counted(_plan.Work);
            Totals.Note(policy, _plan);
        }

        CompareWithEntries(move);
    }

    /// <summary>Ends a call: compares the last plan with what its execution counted, unless the call failed for lack of memory and did not execute it.</summary>
    internal void EndCall(bool succeeded)
    {
        if (!succeeded)
            _planned = null;
        CompareWithExecution();
    }

    /// <summary>What the mappings tell of the places around a move may save looks at entries, but changes no plan.</summary>
    private void CompareWithEntries(MoveObservation move)
    {
        move.Plan(MovePolicy.PageShift, _plan);
        move.PlanByEntries(MovePolicy.PageShift, _planByEntries);
        if (!_plan.Runs.SequenceEqual(_planByEntries.Runs) || !_plan.Boundaries.SequenceEqual(_planByEntries.Boundaries) || Counted(_plan.Work) != Counted(_planByEntries.Work))
            throw new OracleMismatchException("The plan from mappings and entries differs from the one from entries alone.");
        if (_plan.Cost.SlotsInspected > _planByEntries.Cost.SlotsInspected)
            throw new OracleMismatchException($"With the mappings known, {_plan.Cost.SlotsInspected} slots were inspected instead of {_planByEntries.Cost.SlotsInspected}.");
    }

    private void CompareWithExecution()
    {
        if (_planned is { } planned && planned != space.LastMoveWork)
            throw new OracleMismatchException($"{space.Policy} planned {planned} but did {space.LastMoveWork}.");
        _planned = null;
    }

    /// <summary>The part of a plan's work that is counted by doing it.</summary>
    private static MoveCost Counted(in MoveCost work) =>
        work with { SlotsVisited = 0, SlotsInspected = 0, TlbFlushes = 0, TableBytes = 0, Warned = false };
}

/// <summary>How often what happened, to see that random sequences reach the cases that matter.</summary>
internal sealed class MoveTotals
{
    private readonly Dictionary<string, long> _counts = [];

    internal long this[string what] => _counts.GetValueOrDefault(what);

    public override string ToString() => string.Join("\n", _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}"));

    internal void Note(MovePolicy policy, MovePlan plan)
    {
        Add($"{policy} moves", 1);
        Add($"{policy} PUD", plan.Cost.Pud);
        Add($"{policy} PMD", plan.Cost.Pmd);
        Add($"{policy} PTE", plan.Cost.Pte);
        Add($"{policy} warned", plan.Cost.Warned ? 1u : 0u);
        foreach (BoundaryDecision decision in plan.Boundaries)
            Add($"{policy} {decision.End} {decision.Level} {decision.Outcome}", 1);
    }

    internal void AddAll(MoveTotals other)
    {
        foreach ((string what, long count) in other._counts)
            Add(what, (ulong)count);
    }

    private void Add(string what, ulong count) => _counts[what] = _counts.GetValueOrDefault(what) + (long)count;
}
