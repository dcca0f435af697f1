using PageShift.AddressSpaces;
using PageShift.Moving;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Watches the moves of one space: plans each under all policies, and compares the plan that is executed with what its execution counts.</summary>
internal sealed class MoveWatch(AddressSpace space) : IMoveObserver
{
    private readonly MovePlan _planByEntries = new(isShown: true);
    private MoveCost? _planned;
    private bool _looksAway = true; // turned before each move, so the first is looked at: a space may make only one

    /// <summary>The moves so far, and the entries of each level that they moved.</summary>
    internal MoveTotals Totals { get; } = new();

    public void Moving(MoveObservation move)
    {
        CompareWithExecution();
        _looksAway = !_looksAway; // every other move is made by a plan that nobody has seen
        ulong leastOfLinux = ulong.MaxValue;
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            if (_looksAway && policy == space.Policy)
                continue;
            MovePlan plan = move.Plan(policy);
            if (policy != MovePolicy.PageShift)
                leastOfLinux = Math.Min(leastOfLinux, plan.Work.Entries);
            else if (plan.Cost.Entries > leastOfLinux)
                throw new OracleMismatchException($"PageShift would move {plan.Cost.Entries} entries, Linux {leastOfLinux}.");
            if (policy == space.Policy)
                _planned = plan.Work.Executed;
            Totals.Note(policy, plan);
        }

        if (!_looksAway || space.Policy != MovePolicy.PageShift)
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
        move.PlanByEntries(_planByEntries);
        MovePlan plan = move.Plan(MovePolicy.PageShift);
        if (!plan.Runs.SequenceEqual(_planByEntries.Runs) || !plan.Boundaries.SequenceEqual(_planByEntries.Boundaries) || plan.Work.Executed != _planByEntries.Work.Executed)
            throw new OracleMismatchException("The plan from mappings and entries differs from the one from entries alone.");
        if (plan.Cost.SlotsInspected > _planByEntries.Cost.SlotsInspected)
            throw new OracleMismatchException($"With the mappings known, {plan.Cost.SlotsInspected} slots were inspected instead of {_planByEntries.Cost.SlotsInspected}.");
    }

    private void CompareWithExecution()
    {
        if (_planned is { } planned && planned != space.LastMoveWork)
            throw new OracleMismatchException($"{space.Policy} planned {planned} but did {space.LastMoveWork}.");
        _planned = null;
    }
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
