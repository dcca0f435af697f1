using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>Moves page-table entries: plans a move, shows it to an observer, carries it out, flushes.</summary>
/// <remarks>Under the mapping lock, exclusively.</remarks>
internal sealed class TableMoves
{
    private readonly MappingTree _mappings;
    private readonly LinuxTables _linuxTables;
    private readonly SpaceProcessors _processors;
    private readonly MovePlanner _planner;
    private readonly PageTableMover _mover;
    private readonly MoveObservation _observation;
    private readonly bool _keepsWatchedTables;
    private readonly MovePlan _unseenPlan = new(isShown: false); // used where no observer has asked for the plan

    internal TableMoves(SpaceState state)
    {
        _mappings = state.Mappings;
        _linuxTables = state.LinuxTables;
        _processors = state.Processors;
        _planner = new MovePlanner(state.Tables, state.LinuxTables, state.Options.TableMoves, state.Options.Kernel.GathersTables);
        _keepsWatchedTables = state.Options.Kernel.KeepsWatchedTables;
        _mover = new PageTableMover(state.Tables);
        _observation = new MoveObservation(_planner);
        Policy = state.Options.Policy;
    }

    /// <summary>How moves are made.</summary>
    internal MovePolicy Policy { get; set; }

    /// <summary>Sees every move just before it is made; null for none.</summary>
    internal IMoveObserver? Observer { get; set; }

    /// <summary>What the last move did, as counted while it was done.</summary>
    internal MoveCost LastWork => _mover.Work;

    /// <summary>Shows a move that is not made.</summary>
    internal void Show(in MoveRequest request, IMoveObserver observer) => _observation.Show(request, observer);

    /// <summary>Moves the entries of a range under the policy, and flushes. False when memory is out; then nothing has moved.</summary>
    internal bool TryMove(in MoveRequest request)
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

    /// <summary>The plan of a move under the policy: the one that the observer was shown, if there is one who wanted to see it.</summary>
    private MovePlan PlanMove(in MoveRequest request)
    {
        if (Observer is { } observer)
        {
            _observation.Show(request, observer);
            if (_observation.Shown(Policy) is { } shown)
                return shown;
        }

        _planner.PlanToExecute(Policy, request, _unseenPlan);
        return _unseenPlan;
    }

    /// <summary>True for a mapping of which no table moves, only pages (<see cref="MoveRequest.KeepsTables"/>).</summary>
    internal bool KeepsTablesOf(VmFlags flags) => _keepsWatchedTables && flags.Has(VmFlags.UserFault);

    /// <summary>What a plan needs to know of the mappings around a move, once the new mapping is in the tree beside the old.</summary>
    internal MoveRequest Surround(MappingHandle old, AddressRange source, MappingHandle made, AddressRange destination, bool sourceGoes, int unmapFlushes)
    {
        AddressRange mapped = _mappings.RangeOf(old);
        AddressRange arrived = _mappings.RangeOf(made);
        AddressRange around = _mappings.FreeAround(old, MappingTree.NoCeiling);
        bool isAlone = arrived == destination; // the new mapping has not merged
        AddressRange clear = isAlone ? _mappings.FreeAround(old, MappingTree.NoCeiling, made) : around;
        return new MoveRequest(source.Start, destination.Start, source.Length)
        {
            SourceGoes = sourceGoes,
            KeepsTables = KeepsTablesOf(_mappings.FlagsOf(old)),
            UnmapFlushes = unmapFlushes,
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
