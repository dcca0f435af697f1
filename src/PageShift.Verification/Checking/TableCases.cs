using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Verification.Checking;

/// <summary>All moves of a population, under all policies, made in page tables that have no address space around them.</summary>
internal sealed class TableCases(CheckWorld world, Populations populations) : CaseWorker
{
    private readonly CheckedTables _tables = new(world);
    private readonly FewestEntries _fewest = new(world.Geometry.Levels, world.Geometry.IndexBits(PageTableLevel.Pte));

    // What was proved for this population: with how many entries the pages from one to another can't be moved by some way. Moves that take the same pages the same way share it.
    private readonly Dictionary<(int First, int Last, int Delta), int> _proved = [];
    private CheckMove _move;

    internal override PhysicalMemory Memory => _tables.Memory;

    public override void Dispose() => _tables.Dispose();

    internal override void Check(long population, CancellationToken cancellation)
    {
        _tables.Take(populations, population);
        _proved.Clear();
        foreach (CheckMove move in world.Moves)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!_tables.IsPossible(move))
                continue;
            _move = move;
            foreach (MovePolicy policy in MovePolicyName.All)
            {
                // No call moves a range up onto itself: Linux has no rule for it, PageShift's mover can do it.
                if (policy != MovePolicy.PageShift && move.Overlaps && move.Delta > 0)
                    continue;
                Policy = policy;
                Cases++;
                _tables.Try(policy, move);
            }

            ProveFewest(move, (int)_tables.Plan.Cost.Entries, cancellation); // pageshift is the last policy
        }
    }

    internal override string DescribeCase() => CaseLog.Of(world, Policy, _tables.Leaves, _move);

    private void ProveFewest(in CheckMove move, int entries, CancellationToken cancellation)
    {
        Minimal++;
        ReadOnlySpan<bool> pages = _tables.IsOccupied.Slice(move.Old, move.Length);
        int first = pages.IndexOf(true);
        if (first < 0)
        {
            if (entries != 0)
                throw new CheckMismatchException($"{entries} entries were moved, although there are none");
            return;
        }

        var key = (move.Old + first, move.Old + pages.LastIndexOf(true), move.Delta);
        if (_proved.TryGetValue(key, out int impossible) && impossible >= entries - 1)
            return;
        long before = _fewest.States;
        if (_fewest.CanDoWith(_tables.IsOccupied, move, entries - 1, cancellation))
            throw new CheckMismatchException($"{entries} entries were moved, but fewer are enough");
        States += _fewest.States - before;
        _proved[key] = entries - 1;
    }
}
