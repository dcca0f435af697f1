using PageShift.Memory.Kernel;
using PageShift.Memory.Pieces;

namespace PageShift.Memory.Moving;

/// <summary>Keeps the pieces of a buffer few: the smallest becomes a part of the mapping before it, which takes a copy of its bytes, or a move of its single pages.</summary>
/// <remarks>
/// A mapping grows at its end only, and only into a hole. No hole may come into being in a buffer, as another thread's mapping could take it. So the last page of the mapping before moves
/// out to where the kernel likes, grows there by the length of the small piece, takes its bytes in, and moves back over both. It has its old identity, and so merges with the rest of its
/// mapping.
/// <code>
///   left |......L|right|    the last page L moves out
///        |......-|right|         L grows       |L     |
///        |......-|right|   right's bytes move  |Lright|
///        |......Lright|    and back: one mapping
/// </code>
/// Not thread-safe.
/// </remarks>
internal sealed class PieceMerger(IMemoryKernel kernel, int most)
{
    /// <summary>Below this, a copy and its faults are cheaper than the calls that move single pages.</summary>
    private const ulong SmallestPagesMove = 64 << 10;

    // Where the kernel refuses to merge, so many more pieces are let be before operations copy.
    private const int Overdraft = 16;

    private readonly ulong _page = kernel.PageSize;

    /// <summary>True when no operation may add pieces: merging has not helped.</summary>
    internal bool IsFull(PieceMap pieces) => pieces.Count - Overdraft >= most; // the sum would overflow where any number is allowed

    /// <summary>Merges the smallest pieces until there are no more than allowed, or the kernel refuses.</summary>
    internal void Trim(PieceMap pieces)
    {
        while (pieces.Count > most && TryMerge(pieces, SmallestAfterFirst(pieces)))
        {
        }
    }

    private static int SmallestAfterFirst(PieceMap pieces)
    {
        int smallest = 1;
        for (int i = 2; i < pieces.Count; i++)
        {
            if (pieces[i].Length < pieces[smallest].Length)
                smallest = i;
        }

        return smallest;
    }

    /// <summary>Makes a piece a part of the one before it. False, with nothing changed but perhaps the way in which the bytes are held, when the kernel refuses.</summary>
    private bool TryMerge(PieceMap pieces, int index)
    {
        Piece left = pieces[index - 1];
        Piece right = pieces[index];
        ulong last = left.End - _page;
        if (!left.IsTouched)
        {
            kernel.Touch(last);
            pieces.Touch(index - 1);
            left.IsTouched = true;
        }

        long taken = kernel.Remap(last, _page, _page, RemapOptions.MayMove | RemapOptions.DontUnmap, 0);
        if (taken < 0)
            return false;
        long grown = kernel.Remap((ulong)taken, _page, _page + right.Length, RemapOptions.MayMove, 0);
        if (grown < 0)
        {
            PutBack(pieces, left, (ulong)taken, _page);
            return false;
        }

        var place = (ulong)grown;
        TakeIn(right, place + _page);
        if (kernel.Remap(place, _page + right.Length, _page + right.Length, RemapOptions.MayMove | RemapOptions.Fixed, last) >= 0)
        {
            pieces.Replace(left with { End = right.End });
            return true;
        }

        if (kernel.Advise(last, _page + right.Length, PageAdvice.Normal) < 0)
            Remap(pieces, last, _page + right.Length);
        PutBack(pieces, left, place, _page + right.Length);
        return false;
    }

    /// <summary>Brings the bytes of a piece to a place that is all zeroes: as pages where that pays, else by a copy that leaves out what is zero.</summary>
    private void TakeIn(in Piece right, ulong place)
    {
        ulong done = 0;
        if (kernel.MovesSinglePages && right.Length >= SmallestPagesMove && kernel.MovePages(right.Start, place, right.Length) is > 0 and var moved)
            done = (ulong)moved;
        for (; done < right.Length; done += _page)
        {
            if (!kernel.IsZero(right.Start + done, _page))
                kernel.Copy(right.Start + done, place + done, _page);
        }
    }

    /// <summary>Brings the last page of a piece back, and what follows it in its place.</summary>
    private void PutBack(PieceMap pieces, in Piece left, ulong place, ulong length)
    {
        ulong last = left.End - _page;
        if (length == _page && kernel.Remap(place, _page, _page, RemapOptions.MayMove | RemapOptions.Fixed, last) >= 0)
            return;
        if (kernel.Advise(last, length, PageAdvice.Normal) < 0)
            Remap(pieces, last, length);
        kernel.Copy(place, last, length);
        kernel.Unmap(place, length);
        if (left.Length == _page)
            pieces.Leave(left.Start, left.End); // all of it had moved out, and so it has lost its identity
    }

    private void Remap(PieceMap pieces, ulong start, ulong length)
    {
        if (kernel.Map(start, length, PageAccess.ReadWrite, MapOptions.Private | MapOptions.FixedNoReplace) < 0)
            throw new LostPlaceException();
        pieces.ReplaceByFresh(start, start + length);
    }
}
