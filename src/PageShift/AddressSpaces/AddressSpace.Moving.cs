using PageShift.Mappings;
using PageShift.Moving;

namespace PageShift;

public sealed partial class AddressSpace
{
    // Guarded by the mapping lock, exclusively.
    private readonly MoveObservation _observation;
    private readonly MovePlan _unseenPlan = new(isShown: false); // used where no observer has asked for the plan

    /// <summary>Sees every move of page-table entries just before it is made; null for none. Set it while no call runs.</summary>
    public IMoveObserver? MoveObserver { get; set; }

    /// <summary>For tests: what the last move did, as counted while it was done. Read it while no call runs, or in an observer.</summary>
    internal MoveCost LastMoveWork => _mover.Work;

    /// <summary>Moves the entries of a range under the space's policy, and flushes. False when memory is out; then nothing has moved.</summary>
    private bool TryMoveTables(in MoveRequest request)
    {
        MovePlan plan = PlanMove(request);
        _linuxTables.MoveBegins(plan);
        if (!_mover.TryExecute(plan))
            return false;
        ref readonly MoveCost work = ref _mover.Work;
        if (work.Entries != 0)
            _processors.Flush(plan.ExpandedSource, plan.ExpandedDestination);
        _linuxTables.MoveEnded(plan, work, _mover.Freed);
        return true;
    }

    /// <summary>The plan of a move under the space's policy: the one that the observer was shown, if there is one who wanted to see it.</summary>
    private MovePlan PlanMove(in MoveRequest request)
    {
        if (MoveObserver is { } observer)
        {
            _observation.Show(request, observer);
            if (_observation.Shown(Policy) is { } shown)
                return shown;
        }

        _planner.PlanToExecute(Policy, request, _unseenPlan);
        return _unseenPlan;
    }

    /// <summary>What a plan needs to know of the mappings around a move, once the new mapping is in the tree beside the old.</summary>
    private MoveRequest Surround(MappingHandle old, AddressRange source, MappingHandle made, AddressRange destination, bool sourceGoes, bool destinationUnmapWorked)
    {
        AddressRange mapped = _mappings.RangeOf(old);
        AddressRange arrived = _mappings.RangeOf(made);
        AddressRange around = _mappings.FreeAround(old, MappingTree.NoCeiling);
        bool isAlone = arrived == destination; // the new mapping has not merged
        AddressRange clear = isAlone ? _mappings.FreeAround(old, MappingTree.NoCeiling, made) : around;
        return new MoveRequest(source.Start, destination.Start, source.Length)
        {
            SourceGoes = sourceGoes,
            DestinationUnmapWorked = destinationUnmapWorked,
            SourceStartsMapping = mapped.Start == source.Start,
            DestinationStartsMapping = arrived.Start == destination.Start,
            SourcePredecessorEnd = around.Start,
            DestinationPredecessorEnd = _mappings.EndBelow(made),
            SourceFloor = mapped.Start < source.Start ? source.Start : around.Start,
            SourceCeiling = mapped.End > source.End ? source.End : around.End,
            SourceClearance = new AddressRange(mapped.Start < source.Start ? source.Start : clear.Start, mapped.End > source.End ? source.End : clear.End),
            DestinationClearance = isAlone ? _mappings.FreeAround(made, MappingTree.NoCeiling, mapped == source ? old : MappingHandle.None) : default,
        };
    }
}
