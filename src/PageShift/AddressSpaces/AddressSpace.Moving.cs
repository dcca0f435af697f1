using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift;

public sealed partial class AddressSpace
{
    // Guarded by the mapping lock, exclusively.
    private readonly MoveObservation _observation;

    /// <summary>Sees every move of page-table entries just before it is made; null for none. Set it while no call runs.</summary>
    public IMoveObserver? MoveObserver { get; set; }

    /// <summary>For tests: what the last move did, as counted while it was done. Read it while no call runs, or in an observer.</summary>
    internal MoveCost LastMoveWork { get; private set; }

    /// <summary>Moves the entries of a range under the space's policy, and flushes. False when memory is out; then nothing has moved.</summary>
    private bool TryMoveTables(in MoveRequest request)
    {
        if (MoveObserver is { } observer)
        {
            _observation.Open(request);
            observer.Moving(_observation);
            _observation.Close();
        }

        _planner.PlanToExecute(Policy, request, _plan);
        if (!_mover.TryExecute(_plan, out MoveCost work))
            return false;
        LastMoveWork = work;
        if (work.Entries != 0)
            FlushTlb(UnionWithDestination(_plan));
        NoteEmptied(request);
        if (!_vacant.IsEmpty)
            _vacant.Move(request.Source, unchecked(request.New.Value - request.Old.Value), _plan.Congruence);
        return true;
    }

    /// <summary>Notes the tables that the move left empty behind itself, and that Linux keeps at least until the source's mappings go.</summary>
    private void NoteEmptied(in MoveRequest request)
    {
        bool goAtOnce = request.SourceGoes && !request.IsStackMove && _plan.Congruence == PageTableLevel.Pte; // then none of them has a place to move to meanwhile
        foreach (FreedTable table in _mover.Freed)
        {
            if (!goAtOnce || table.Start < request.SourceFloor || table.Start.Value + Geometry.TableSpan(table.Level) > request.SourceCeiling.Value)
                _vacant.Add(table.Level, table.Start.Value);
        }
    }

    private static AddressRange UnionWithDestination(MovePlan plan)
    {
        AddressRange source = plan.ExpandedSource;
        AddressRange destination = plan.ExpandedDestination;
        return new AddressRange(
            source.Start < destination.Start ? source.Start : destination.Start,
            source.End > destination.End ? source.End : destination.End);
    }

    /// <summary>What Linux's rules need to know of the mappings around a move, once the new mapping is in the tree beside the old.</summary>
    private MoveRequest Surround(MappingHandle old, AddressRange source, MappingHandle destination, VirtualAddress to, bool sourceGoes, bool destinationUnmapWorked)
    {
        AddressRange mapped = _mappings.RangeOf(old);
        VirtualAddress below = EndBelow(old);
        return new MoveRequest
        {
            Old = source.Start,
            New = to,
            Length = source.Length,
            SourceGoes = sourceGoes,
            DestinationUnmapWorked = destinationUnmapWorked,
            SourceStartsMapping = mapped.Start == source.Start,
            DestinationStartsMapping = _mappings.RangeOf(destination).Start == to,
            SourcePredecessorEnd = below,
            DestinationPredecessorEnd = EndBelow(destination),
            SourceFloor = mapped.Start < source.Start ? source.Start : below,
            SourceCeiling = mapped.End > source.End ? source.End : StartAbove(old),
        };
    }

    private VirtualAddress EndBelow(MappingHandle handle)
    {
        MappingHandle below = _mappings.Previous(handle);
        return below.IsNone ? VirtualAddress.Zero : _mappings.RangeOf(below).End;
    }

    private VirtualAddress StartAbove(MappingHandle handle) => StartOfMapping(_mappings.Next(handle));

    /// <summary>The ceiling where no mapping stands above: every table may go.</summary>
    private static VirtualAddress NoCeiling => new(ulong.MaxValue);
}
