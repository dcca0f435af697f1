using PageShift.Memory.Kernel;
using PageShift.Memory.Moving;
using PageShift.Memory.Pieces;

namespace PageShift.Memory;

// What is behind the operations: the addresses, what of them is accessible, and the moves.
// The layout of a reservation, and what each part holds:
//   start            base              base + length      end
//     | inaccessible  | the bytes, pieces | inaccessible  |
public sealed partial class PageBuffer
{
    /// <summary>Takes addresses for a capacity, with a base that is congruent with an address as far up as the capacity makes use of it.</summary>
    private Reservation Take(ulong capacity, ulong congruentWith, out ulong start)
    {
        var spans = new TableSpans(_page);
        ulong block = capacity >= spans.Pud ? spans.Pud : spans.Pmd;
        ulong offset = _kernel.MovesPages ? congruentWith & (block - 1) : 0;
        Reservation taken = Reservation.TryTake(_kernel, offset + capacity, PageAccess.None)
            ?? throw new InsufficientMemoryException($"The kernel refused addresses for a capacity of {capacity} bytes.");
        start = taken.Start + offset;
        AdviseAgain(taken.Start, taken.Length);
        return taken;
    }

    /// <summary>Makes the addresses accessible that a length takes. What is accessible beyond the length already is all zeroes.</summary>
    private void Commit(ulong length)
    {
        ulong from = _pieces.Count == 0 ? _base : _pieces.End;
        ulong to = _base + length;
        if (to <= from)
            return;
        ThrowIfRefused(_kernel.Protect(from, to - from, PageAccess.ReadWrite), length);
        _pieces.Commit(from, to, isUntouched: !_options.FindUnleasedUse);
    }

    /// <summary>Gives all memory from an address on back, and makes it inaccessible.</summary>
    private void Decommit(ulong from)
    {
        ulong end = _pieces.End;
        if (from >= end)
            return;
        if (_kernel.Map(from, end - from, PageAccess.None, MapOptions.Private | MapOptions.Fixed) < 0)
        {
            _mover.Clear(from, end - from); // it stays accessible, and is zeroes
            return;
        }

        _pieces.Remove(from, end);
        AdviseAgain(from, end - from);
    }

    /// <summary>Gives the front's memory back, and moves the base behind it.</summary>
    private void DropPages(ulong length)
    {
        if (length == 0)
            return;
        if (_kernel.Map(_base, length, PageAccess.None, MapOptions.Private | MapOptions.Fixed) < 0)
            _kernel.Advise(_base, length, PageAdvice.DontNeed); // it stays accessible; nobody is told of it any more
        _pieces.Remove(_base, _base + length);
        AdviseAgain(_base, length);
        _base += length;
    }

    private void Shift(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length, bool clears)
    {
        _mover.OnlyCopies = _merger.IsFull(source) || _merger.IsFull(destination);
        try
        {
            _mover.Move(source, destination, from, to, length, clears);
        }
        catch (LostPlaceException)
        {
            _isLost = true;
            throw;
        }
    }

    private void Trim()
    {
        try
        {
            _merger.Trim(_pieces);
        }
        catch (LostPlaceException)
        {
            _isLost = true;
            throw;
        }
    }

    /// <summary>Makes room for <paramref name="length"/> bytes behind the end: at the start of the addresses, where the window does not overlap itself, else at new ones.</summary>
    private void MakeRoomAtEnd(ulong length)
    {
        ulong start = _reservation!.Start;
        if (_base - start < _length || _reservation.Length < _length + length)
        {
            Rebase(2 * (_length + length));
            return;
        }

        ulong to = start;
        var spans = new TableSpans(_page);
        foreach (ulong span in (ReadOnlySpan<ulong>)[spans.Pmd, spans.Pud])
        {
            ulong congruent = start + ((_base - start) & (span - 1));
            if (congruent + _length <= _base && congruent + _length + length <= _reservation.End)
                to = congruent;
        }

        ThrowIfRefused(_kernel.Map(to, _base - to, PageAccess.ReadWrite, MapOptions.Private | MapOptions.Fixed), _length + length);
        _pieces.CommitFront(to, _base);
        AdviseAgain(to, _base - to);
        Shift(_pieces, _pieces, _base, to, _length, clears: false);
        _base = to;
        Decommit(to + _length);
    }

    /// <summary>Moves the buffer to a new reservation.</summary>
    private void Rebase(ulong capacity)
    {
        Reservation taken = Take(capacity, _base, out ulong to);
        long answer = _length == 0 ? 0 : _kernel.Protect(to, _length, PageAccess.ReadWrite);
        if (answer < 0)
            taken.Dispose();
        ThrowIfRefused(answer, _length);
        var pieces = new PieceMap();
        if (_length != 0)
            pieces.Commit(to, to + _length);
        Shift(_pieces, pieces, _base, to, _length, clears: false);
        _pieces = pieces;
        _reservation!.Dispose();
        _reservation = taken;
        _base = to;
        Trim();
    }

    private void AdviseAgain(ulong start, ulong length)
    {
        if (_advice is { } advice)
            _kernel.Advise(start, length, advice);
    }
}
