using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift;

public sealed partial class AddressSpace
{
    // Guarded by the mapping lock, exclusively.
    private readonly MoveObservation _observation;
    private readonly List<ulong> _sourceTables = [];

    /// <summary>Sees every move of page-table entries just before it is made; null for none. Set it while no call runs.</summary>
    public IMoveObserver? MoveObserver { get; set; }

    /// <summary>For tests: what the last move did, as counted while it was done. Read it while no call runs, or in an observer.</summary>
    internal MoveCost LastMoveWork => _mover.Work;

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
        bool hasFirst = MayLeaveTable(request, request.Old);
        bool hasLast = MayLeaveTable(request, LastPage(request.Source));
        if (!_mover.TryExecute(_plan))
            return false;
        ref readonly MoveCost work = ref _mover.Work;
        if (work.Entries != 0)
            FlushTlb(_plan);
        bool isDense = work.Pte == request.Length.WholePages.Value;
        NoteEmptied(request, isDense);
        if (hasFirst)
            NoteTableOfEnd(request, request.Old);
        if (hasLast)
            NoteTableOfEnd(request, LastPage(request.Source));
        if (!isDense)
            NoteTablesOfEmptyPieces(request);
        if (!hasLast && ArrivesInLastTable(request))
            NoteTableOfEnteredEnd(request);
        if (!_vacant.IsEmpty)
            _vacant.Move(request.Source, unchecked(request.New.Value - request.Old.Value), _plan.Congruence);
        return true;
    }

    /// <summary>Notes the tables that the move left empty behind itself, and that Linux keeps at least until the source's mappings go.</summary>
    private void NoteEmptied(in MoveRequest request, bool isDense)
    {
        if (_mover.Freed.Count == 0)
            return;

        // Where each page was present and moved by itself, none of them matters meanwhile: every piece has its table at the destination.
        bool mayGo = isDense && _plan.Congruence == PageTableLevel.Pte;
        foreach (FreedTable table in _mover.Freed)
        {
            if (!mayGo || !GoesWithSource(request, table.Level, table.Start.Value))
                _vacant.Add(table.Level, table.Start.Value);
        }
    }

    /// <summary>True when Linux frees an empty table of the source as soon as the move has ended, with the source's mapping.</summary>
    private bool GoesWithSource(in MoveRequest request, PageTableLevel level, ulong table) =>
        request.SourceGoes && !request.IsStackMove && table >= request.SourceFloor.Value && table + Geometry.TableSpan(level) <= request.SourceCeiling.Value;

    /// <summary>True when the planned move may leave something for <see cref="NoteTableOfEnd"/> to note at an end of its source: there is a table, and it either does not move as one
    /// entry with all that lives in it, or reaches beyond the source and stays in Linux.</summary>
    private bool MayLeaveTable(in MoveRequest request, VirtualAddress end)
    {
        if (!MovesAsEntry(end))
            return HasTable(end, PageTableLevel.Pte);
        ulong span = Geometry.TableSpan(PageTableLevel.Pte);
        ulong table = end.Value & ~(span - 1);
        bool reachesBeyond = table < request.Old.Value || table + span > request.Old.Value + request.Length.Value;
        return reachesBeyond && !GoesWithSource(request, PageTableLevel.Pte, table) && !IsFilledByOnlyRun(table);
    }

    /// <summary>True when the plan is one run of occupied entries above the pages, and one of them arrives at <paramref name="address"/>.</summary>
    private bool IsFilledByOnlyRun(ulong address) =>
        _plan.RunList.Count == 1 && _plan.RunList[0] is var run && run.Entries == run.Slots && run.Level > PageTableLevel.Pte
        && address - run.Destination.Value < run.Slots << Geometry.SpanShift(run.Level);

    /// <summary>True when the plan moves the lowest table that covers <paramref name="address"/> as an entry, or with one.</summary>
    private bool MovesAsEntry(VirtualAddress address) => _plan.MovesWhole(address.Value, PageTableLevel.Pte, _plan.RunList.Count, Geometry);

    /// <summary>Notes a table at an end of the source that reaches beyond it, and the one that Linux then makes for its piece: where this engine has moved all that lived in it as one
    /// entry, Linux keeps it, empty. Where Linux expands the start too, it is gone under every policy.</summary>
    private void NoteTableOfEnd(in MoveRequest request, VirtualAddress end)
    {
        ulong span = Geometry.TableSpan(PageTableLevel.Pte);
        AddressRange table = new(end.AlignDown(span), new ByteLength(span));
        bool isExpandedByLinux = table.Start < request.Old && MovePlanner.RealignOutcome(request, _plan.Congruence, Geometry, out _) == BoundaryOutcome.Expanded;
        if (isExpandedByLinux)
            _vacant.Remove(PageTableLevel.Pte, table, table.Start, table.End);
        else if (!request.Source.Contains(table))
            NoteIfVacant(PageTableLevel.Pte, end);
        if (!MovesAsEntry(end)) // else the table is at the destination
            NoteTablesOfPiece(table.Intersect(request.Source), unchecked(request.New.Value - request.Old.Value));
    }

    /// <summary>Notes the empty tables of a move's destination: Linux makes one for each piece whose source has a table, whether anything is in the piece or not. The source's tables
    /// are the vacant ones, to which those that the move has emptied belong by now.</summary>
    private void NoteTablesOfEmptyPieces(in MoveRequest request)
    {
        if (_vacant.IsEmpty)
            return;
        AddressRange source = request.Source;
        _sourceTables.Clear();
        _vacant.CopyTo(PageTableLevel.Pte, source, _sourceTables);
        foreach (ulong table in _sourceTables)
            NoteTablesOfPiece(PieceOf(source, new VirtualAddress(table)), unchecked(request.New.Value - request.Old.Value));
    }

    /// <summary>True when the destination begins in what the table of the source's last page covers.</summary>
    private bool ArrivesInLastTable(in MoveRequest request) =>
        request.New > request.Old && (request.New.Value ^ LastPage(request.Source).Value) < Geometry.TableSpan(PageTableLevel.Pte);

    /// <summary>Notes the tables that Linux makes for the source's last piece, which had no table before the move, when it goes upwards to the last piece and finds the one that it has just made for the first: the
    /// destination begins there.</summary>
    private void NoteTableOfEnteredEnd(in MoveRequest request)
    {
        VirtualAddress last = LastPage(request.Source);
        if (HasTable(last, PageTableLevel.Pte) || _vacant.Contains(PageTableLevel.Pte, last.Value))
            NoteTablesOfPiece(PieceOf(request.Source, last.AlignDown(Geometry.TableSpan(PageTableLevel.Pte))), unchecked(request.New.Value - request.Old.Value));
    }

    /// <summary>The part of a source that the table from <paramref name="table"/> on covers.</summary>
    private AddressRange PieceOf(AddressRange source, VirtualAddress table) => new AddressRange(table, new ByteLength(Geometry.TableSpan(PageTableLevel.Pte))).Intersect(source);

    private void NoteTablesOfPiece(AddressRange piece, ulong delta)
    {
        NoteIfVacant(PageTableLevel.Pte, new VirtualAddress(unchecked(piece.Start.Value + delta)));
        NoteIfVacant(PageTableLevel.Pte, new VirtualAddress(unchecked(LastPage(piece).Value + delta)));
    }

    private void NoteIfVacant(PageTableLevel level, VirtualAddress address)
    {
        if (_tables.Walk(address) is var walk && walk.Level > level && walk.Entry.IsNone)
            _vacant.Add(level, address.Value);
    }

    private static VirtualAddress LastPage(AddressRange range) => range.End - new ByteLength(PageSize.Bytes);

    private bool HasTable(VirtualAddress address, PageTableLevel level) => _tables.TryFindTable(address, level, out _);

    /// <summary>Flushes all that a move has changed, from the lower of its two ranges to the higher, at once.</summary>
    private void FlushTlb(MovePlan plan)
    {
        if (_processors.Count == 0)
        {
            TlbFlushes++; // nobody has a translation to forget
            return;
        }

        AddressRange source = plan.ExpandedSource;
        AddressRange destination = plan.ExpandedDestination;
        FlushTlb(new AddressRange(
            source.Start < destination.Start ? source.Start : destination.Start,
            source.End > destination.End ? source.End : destination.End));
    }

    /// <summary>What a plan needs to know of the mappings around a move, once the new mapping is in the tree beside the old.</summary>
    private MoveRequest Surround(MappingHandle old, AddressRange source, MappingHandle made, AddressRange destination, bool sourceGoes, bool destinationUnmapWorked)
    {
        AddressRange mapped = _mappings.RangeOf(old);
        AddressRange arrived = _mappings.RangeOf(made);
        AddressRange around = _mappings.FreeAround(old, NoCeiling);
        bool isAlone = arrived == destination; // the new mapping has not merged
        AddressRange clear = isAlone ? _mappings.FreeAround(old, NoCeiling, made) : around;
        return new MoveRequest
        {
            Old = source.Start,
            New = destination.Start,
            Length = source.Length,
            SourceGoes = sourceGoes,
            DestinationUnmapWorked = destinationUnmapWorked,
            SourceStartsMapping = mapped.Start == source.Start,
            DestinationStartsMapping = arrived.Start == destination.Start,
            SourcePredecessorEnd = around.Start,
            DestinationPredecessorEnd = EndBelow(made),
            SourceFloor = mapped.Start < source.Start ? source.Start : around.Start,
            SourceCeiling = mapped.End > source.End ? source.End : around.End,
            SourceClearance = new AddressRange(mapped.Start < source.Start ? source.Start : clear.Start, mapped.End > source.End ? source.End : clear.End),
            DestinationClearance = isAlone ? _mappings.FreeAround(made, NoCeiling, mapped == source ? old : MappingHandle.None) : default,
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
