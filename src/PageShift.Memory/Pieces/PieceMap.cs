using System.Diagnostics;

namespace PageShift.Memory.Pieces;

/// <summary>The pieces of a buffer, by address: neighbours without holes from the buffer's first byte to the end of what is accessible.</summary>
/// <remarks>It follows what the kernel does to its mappings, and never counts fewer than there are: where two may or may not have merged, they count as two.
/// Not thread-safe. Allocates only while it holds more pieces than ever before.</remarks>
internal sealed class PieceMap
{
    private const int FirstCapacity = 16;

    private static int _lastOrigin;

    private Piece[] _pieces = new Piece[FirstCapacity];

    /// <summary>How many pieces there are.</summary>
    internal int Count { get; private set; }

    /// <summary>The piece at an index.</summary>
    internal ref readonly Piece this[int index] => ref _pieces[index];

    /// <summary>The address after the last piece; 0 when there is none.</summary>
    internal ulong End => Count == 0 ? 0 : _pieces[Count - 1].End;

    /// <summary>The piece that covers <paramref name="address"/>, which must be covered.</summary>
    internal int IndexAt(ulong address)
    {
        int low = 0;
        int high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_pieces[middle].End > address)
                high = middle;
            else
                low = middle + 1;
        }

        Debug.Assert(Count != 0 && _pieces[low].Start <= address && address < _pieces[low].End, "The address is in no piece.");
        return low;
    }

    /// <summary>Adds what has been made accessible behind the last piece, where it was first mapped. Linux merges it with a last piece that is where it was first mapped too.</summary>
    /// <param name="start">Its first address.</param>
    /// <param name="end">The address after its last byte.</param>
    /// <param name="isUntouched">False when it may have an identity from a time when it and another piece were inaccessible, and one mapping: then Linux may not merge the two.</param>
    internal void Commit(ulong start, ulong end, bool isUntouched = true)
    {
        Debug.Assert(Count == 0 || _pieces[Count - 1].End == start, "What is committed follows the last piece.");
        if (Count != 0 && _pieces[Count - 1].Shift == 0 && isUntouched)
            _pieces[Count - 1].End = end;
        else
            Insert(Count, Fresh(start, end, shift: 0));
    }

    /// <summary>Adds what has been mapped before the first piece.</summary>
    internal void CommitFront(ulong start, ulong end)
    {
        Debug.Assert(Count != 0 && _pieces[0].Start == end, "What is committed precedes the first piece.");
        if (_pieces[0].Shift == 0)
            _pieces[0].Start = start;
        else
            Insert(0, Fresh(start, end, shift: 0));
    }

    /// <summary>Removes what has been unmapped, or made inaccessible, at either end.</summary>
    internal void Remove(ulong start, ulong end)
    {
        if (start < end)
            Cut(start, end);
    }

    /// <summary>Removes all.</summary>
    internal void Clear() => Count = 0;

    /// <summary>Notes that a page of the piece at <paramref name="index"/> has been written to.</summary>
    internal void Touch(int index) => _pieces[index].IsTouched = true;

    /// <summary>Notes that none of them merges any more with what was of the same origin, here or elsewhere.</summary>
    internal void Part()
    {
        for (int i = 0; i < Count; i++)
            _pieces[i].Origin = Interlocked.Increment(ref _lastOrigin);
    }

    /// <summary>Puts what has been mapped anew in place of a range: it has no identity yet.</summary>
    internal void ReplaceByFresh(ulong start, ulong end) => Replace(Fresh(start, end, shift: 0));

    /// <summary>Puts a piece in place of what is in its range, and merges it with its neighbours where Linux does.</summary>
    internal void Replace(in Piece piece)
    {
        int index = Cut(piece.Start, piece.End);
        Insert(index, piece);
        if (index + 1 < Count && _pieces[index].MergesWith(_pieces[index + 1]))
        {
            _pieces[index].End = _pieces[index + 1].End;
            RemoveAt(index + 1, 1);
        }

        if (index > 0 && _pieces[index - 1].MergesWith(_pieces[index]))
        {
            _pieces[index - 1].End = _pieces[index].End;
            RemoveAt(index, 1);
        }
    }

    /// <summary>Notes that the pages of a range, which lies in one piece, have moved away, and the range stayed mapped: a whole mapping loses its identity, a part keeps it.</summary>
    internal void Leave(ulong start, ulong end)
    {
        ref Piece piece = ref _pieces[IndexAt(start)];
        if (piece.Start == start && piece.End == end)
            piece = Fresh(start, end, piece.Shift);
    }

    private static Piece Fresh(ulong start, ulong end, ulong shift) => new() { Start = start, End = end, Shift = shift, Origin = Interlocked.Increment(ref _lastOrigin) };

    /// <summary>Takes a range out of the pieces that it touches; answers where it was. A piece that is parted before it has an identity becomes two that never merge.</summary>
    private int Cut(ulong start, ulong end)
    {
        if (Count == 0 || start >= End)
            return Count;
        int first = IndexAt(start);
        if (_pieces[first].Start < start)
        {
            if (_pieces[first].End > end)
            {
                Piece right = _pieces[first] with { Start = end };
                if (!right.IsTouched)
                    right.Origin = Interlocked.Increment(ref _lastOrigin);
                Insert(first + 1, right);
                _pieces[first].End = start;
                return first + 1;
            }

            _pieces[first].End = start;
            first++;
        }

        int last = first;
        while (last < Count && _pieces[last].End <= end)
            last++;
        if (last < Count && _pieces[last].Start < end)
            _pieces[last].Start = end;
        RemoveAt(first, last - first);
        return first;
    }

    private void Insert(int index, in Piece piece)
    {
        if (Count == _pieces.Length)
            Array.Resize(ref _pieces, 2 * Count);
        Array.Copy(_pieces, index, _pieces, index + 1, Count - index);
        _pieces[index] = piece;
        Count++;
    }

    private void RemoveAt(int index, int count)
    {
        Array.Copy(_pieces, index + count, _pieces, index, Count - index - count);
        Count -= count;
    }
}
