using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Moving;

/// <content>Moves: which tables Linux would leave empty behind them, and which it would make for pieces in which no entry is.</content>
internal sealed partial class LinuxTables
{
    // Of the move that has begun: whether there may be something to note at the ends of its source.
    private bool _mayLeaveFirst;
    private bool _mayLeaveLast;

    /// <summary>A move is about to be made.</summary>
    internal void MoveBegins(MovePlan plan)
    {
        _mayLeaveFirst = MayLeaveTable(plan, plan.Request.Old);
        _mayLeaveLast = MayLeaveTable(plan, LastPage(plan.Request.Source));
    }

    /// <summary>The move has been made; the mapping of its source is still there.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="work">What the mover did.</param>
    /// <param name="emptied">The tables that it left empty.</param>
    internal void MoveEnded(MovePlan plan, in MoveCost work, List<FreedTable> emptied)
    {
        ref readonly MoveRequest request = ref plan.Request;
        bool isDense = work.Pte == request.Length.WholePages.Value;
        if (emptied.Count != 0)
            NoteEmptied(plan, isDense, emptied);
        if (_mayLeaveFirst)
            NoteTableOfEnd(plan, request.Old);
        if (_mayLeaveLast)
            NoteTableOfEnd(plan, LastPage(request.Source));
        if (!isDense && !_empty.IsEmpty)
            NoteTablesOfEmptyPieces(plan);
        if (!_mayLeaveLast && ArrivesInLastTable(request))
            NoteTableOfEnteredEnd(plan);
        if (!_empty.IsEmpty)
            _empty.Move(request.Source, plan.Displacement, plan.Congruence);
    }

    /// <summary>Notes the tables that the move left empty behind itself, and that Linux keeps at least until the source's mappings go.</summary>
    private void NoteEmptied(MovePlan plan, bool isDense, List<FreedTable> emptied)
    {
        // Where each page was present and moved by itself, none of them matters meanwhile: every piece has its table at the destination.
        bool mayGo = isDense && plan.Congruence == PageTableLevel.Pte;
        foreach (FreedTable table in emptied)
        {
            if (!mayGo || !GoesWithSource(plan.Request, table.Level, table.Start))
                _empty.Add(table.Level, table.Start);
        }
    }

    /// <summary>True when Linux frees an empty table of the source as soon as the move has ended, with the source's mapping.</summary>
    private bool GoesWithSource(in MoveRequest request, PageTableLevel level, VirtualAddress table) =>
        request.SourceGoes && !request.IsStackMove && table >= request.SourceFloor && table + _geometry.TableSpan(level) <= request.SourceCeiling;

    /// <summary>True when the planned move may leave something for <see cref="NoteTableOfEnd"/> to note at an end of its source: there is a table, and it either does not move as one
    /// entry with all that lives in it, or reaches beyond the source and stays in Linux.</summary>
    private bool MayLeaveTable(MovePlan plan, VirtualAddress end)
    {
        if (!MovesAsEntry(plan, end))
            return HasTable(end, PageTableLevel.Pte);
        ref readonly MoveRequest request = ref plan.Request;
        VirtualAddress table = end.AlignDown(_geometry.TableSpan(PageTableLevel.Pte));
        return ReachesBeyond(request, table) && !GoesWithSource(request, PageTableLevel.Pte, table) && !IsFilledByOnlyRun(plan, table);
    }

    /// <summary>True when the PTE table from <paramref name="table"/> on covers what is not of the source too.</summary>
    private bool ReachesBeyond(in MoveRequest request, VirtualAddress table) =>
        table < request.Old || table + _geometry.TableSpan(PageTableLevel.Pte) > request.Old + request.Length;

    /// <summary>True when the plan is one run of occupied entries above the pages, and one of them arrives at <paramref name="address"/>.</summary>
    private bool IsFilledByOnlyRun(MovePlan plan, VirtualAddress address) =>
        plan.RunList.Count == 1 && plan.RunList[0] is var run && run.Entries == run.Slots && run.Level > PageTableLevel.Pte
        && address - run.Destination < run.Length(_geometry);

    /// <summary>True when the plan moves the lowest table that covers <paramref name="address"/> as an entry, or with one.</summary>
    private bool MovesAsEntry(MovePlan plan, VirtualAddress address) => plan.MovesWhole(address, PageTableLevel.Pte);

    /// <summary>Notes a table at an end of the source that reaches beyond it, and the one that Linux then makes for its piece: where this engine has moved all that lived in it as one
    /// entry, Linux keeps it, empty. Where Linux expands the start too, it is gone under every policy.</summary>
    private void NoteTableOfEnd(MovePlan plan, VirtualAddress end)
    {
        AddressRange table = PteTable(end);
        ref readonly MoveRequest request = ref plan.Request;
        bool isExpandedByLinux = table.Start < request.Old && LinuxPlanner.RealignOutcome(request, plan.Congruence, _geometry, out _) == BoundaryOutcome.Expanded;
        if (isExpandedByLinux)
            _empty.Remove(PageTableLevel.Pte, table, table.Start, table.End);
        else if (ReachesBeyond(request, table.Start))
            NoteIfEmpty(end);
        if (!MovesAsEntry(plan, end)) // else the table is at the destination
            NoteTablesOfPiece(table.Intersect(request.Source) + plan.Displacement);
    }

    /// <summary>Notes the empty tables of a move's destination: Linux makes one for each piece whose source has a table, whether anything is in the piece or not. The source's tables
    /// are the empty ones, to which those that the move has emptied belong by now.</summary>
    private void NoteTablesOfEmptyPieces(MovePlan plan)
    {
        AddressRange source = plan.Request.Source;
        _found.Clear();
        _empty.CopyTo(PageTableLevel.Pte, source, _found);
        foreach (VirtualAddress table in _found)
            NoteTablesOfPiece(PteTable(table).Intersect(source) + plan.Displacement);
    }

    /// <summary>True when the destination begins in what the table of the source's last page covers.</summary>
    private bool ArrivesInLastTable(in MoveRequest request) =>
        request.New > request.Old && _geometry.SharesEntry(request.New, LastPage(request.Source), PageTableLevel.Pmd);

    /// <summary>Notes the tables that Linux makes for the source's last piece, which had no table before the move, when it goes upwards to the last piece and finds the one that it has just
    /// made for the first: the destination begins there.</summary>
    private void NoteTableOfEnteredEnd(MovePlan plan)
    {
        VirtualAddress last = LastPage(plan.Request.Source);
        if (HasTable(last, PageTableLevel.Pte) || _empty.Contains(PageTableLevel.Pte, last))
            NoteTablesOfPiece(PteTable(last).Intersect(plan.Request.Source) + plan.Displacement);
    }

    /// <summary>Notes the tables of a piece of the destination, which begins in one and ends in the same or the next.</summary>
    private void NoteTablesOfPiece(AddressRange piece)
    {
        NoteIfEmpty(piece.Start);
        NoteIfEmpty(LastPage(piece));
    }

    private void NoteIfEmpty(VirtualAddress address)
    {
        if (_tables.Walk(address) is var walk && walk.Level > PageTableLevel.Pte && walk.Entry.IsNone)
            _empty.Add(PageTableLevel.Pte, address);
    }

    /// <summary>What the PTE table for <paramref name="address"/> covers.</summary>
    private AddressRange PteTable(VirtualAddress address)
    {
        var span = _geometry.TableSpan(PageTableLevel.Pte);
        return new AddressRange(address.AlignDown(span), span);
    }
}
