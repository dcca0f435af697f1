using PageShift.Memory.Kernel;
using PageShift.Memory.Pieces;

namespace PageShift.Memory.Moving;

/// <summary>Moves the bytes of ranges, piece by piece: by page-table entries where that is chosen and the kernel does it, else by copying, which can't fail. So a move that has begun
/// always ends.</summary>
/// <remarks>Source and destination stay mapped and accessible throughout (<see cref="RemapOptions.Move"/>). Not thread-safe.</remarks>
internal sealed class PageMover(IMemoryKernel kernel, MoveCosts? costs, MoveStrategy strategy) : IDisposable
{
    /// <summary>Below this many bytes a copy is cheaper than any system call that changes mappings, on any machine.</summary>
    private const ulong SmallestMove = 16 << 10;

    private const ulong MostChunks = 64;
    private const ulong ExchangeBlock = 16 << 10;

    private readonly TableSpans _spans = new(kernel.PageSize);
    private readonly Scratch _scratch = new(kernel);
    private byte[]? _exchanged;
    private ulong _staleStart;
    private ulong _staleEnd;

    private enum Way
    {
        Copy,
        OneCall,
        Chunks,
        ByScratch,
    }

    /// <summary>True while everything is to be copied: no piece may be added.</summary>
    internal bool OnlyCopies { get; set; }

    /// <summary>Moves <paramref name="length"/> bytes, which may overlap their destination, and replaces what is there.</summary>
    /// <param name="source">The pieces from which they move.</param>
    /// <param name="destination">The pieces to which they move; may be the same.</param>
    /// <param name="from">Where they are.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="length">How many.</param>
    /// <param name="clears">True when what is left of the source is to read as zeroes; false when it will be discarded.</param>
    internal void Move(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length, bool clears)
    {
        if (from == to || length == 0)
            return;
        _staleStart = ulong.MaxValue;
        _staleEnd = 0;
        if (IsCopied(length))
            Copy(from, to, length);
        else if (to < from)
            MoveAscending(source, destination, from, to, length);
        else
            MoveDescending(source, destination, from, to, length);
        if (clears)
            ClearStale(from, to, length);
    }

    /// <summary>Exchanges two ranges that do not overlap.</summary>
    internal void Exchange(PieceMap pieces, ulong first, ulong second, ulong length)
    {
        for (ulong done = 0; done < length;)
        {
            ulong left = length - done;
            if (IsCopied(left))
            {
                ExchangeBytes(first + done, second + done, left);
                return;
            }

            ulong part = Math.Min(left, Math.Min(pieces[pieces.IndexAt(first + done)].End - (first + done), pieces[pieces.IndexAt(second + done)].End - (second + done)));
            ExchangePart(pieces, first + done, second + done, part);
            done += part;
        }
    }

    /// <summary>Makes zeroes of whole pages, and gives the memory back where it is more than a little.</summary>
    internal void Clear(ulong address, ulong length)
    {
        const ulong SmallestReturn = 64 << 10;
        if (length < SmallestReturn || kernel.Advise(address, length, PageAdvice.DontNeed) < 0)
            kernel.Clear(address, length);
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    private bool IsCopied(ulong length) => OnlyCopies || !kernel.MovesPages || strategy == MoveStrategy.Copy || (strategy == MoveStrategy.Cheapest && length < SmallestMove);

    private void MoveAscending(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        for (ulong at = from; at < from + length;)
        {
            ulong part = Math.Min(source[source.IndexAt(at)].End, from + length) - at;
            MovePart(source, destination, at, to + (at - from), part);
            at += part;
        }
    }

    private void MoveDescending(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        for (ulong end = from + length; end > from;)
        {
            ulong start = Math.Max(source[source.IndexAt(end - 1)].Start, from);
            MovePart(source, destination, start, to + (start - from), end - start);
            end = start;
        }
    }

    /// <summary>Moves a range that lies in one piece.</summary>
    private void MovePart(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        switch (Choose(from, to, length))
        {
            case Way.Copy:
                Copy(from, to, length);
                break;
            case Way.OneCall:
                MoveOrCopy(source, destination, from, to, length);
                break;
            case Way.Chunks:
                MoveChunks(source, destination, from, to, length);
                break;
            default:
                MoveByScratch(source, destination, from, to, length);
                break;
        }
    }

    private Way Choose(ulong from, ulong to, ulong length)
    {
        MoveCosts known = costs ?? MoveCosts.Current;
        ulong distance = from < to ? to - from : from - to;
        double oneCall = known.Move(from, to, length, _spans);
        Way way = Way.OneCall;
        double moving = oneCall;
        if (distance < length)
        {
            way = Way.ByScratch;
            moving = oneCall + known.Move(from, from, length, _spans);
            ulong chunks = (length + distance - 1) / distance;
            double byChunks = oneCall + ((chunks - 1) * known.Call);
            if (chunks <= MostChunks && byChunks < moving)
            {
                way = Way.Chunks;
                moving = byChunks;
            }
        }

        if (strategy == MoveStrategy.Move)
            return way;
        double copying = known.Copy(length) + (to > from ? known.Fault * (Math.Min(distance, length) / _spans.Page) : 0);
        return copying <= moving ? Way.Copy : way;
    }

    /// <summary>Moves a range in chunks of no more than the distance, so that none overlaps its destination.</summary>
    private void MoveChunks(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        ulong distance = from < to ? to - from : from - to;
        ulong unit = (distance & (_spans.Pmd - 1)) == 0 ? _spans.Pmd : _spans.Page; // whole tables where they can move whole
        if (to < from)
        {
            for (ulong at = from; at < from + length;)
            {
                ulong end = Math.Min((at + distance) & ~(unit - 1), from + length);
                MoveOrCopy(source, destination, at, at - distance, end - at);
                at = end;
            }
        }
        else
        {
            for (ulong end = from + length; end > from;)
            {
                ulong start = Math.Max((end - distance + unit - 1) & ~(unit - 1), from);
                MoveOrCopy(source, destination, start, start + distance, end - start);
                end = start;
            }
        }
    }

    private void MoveOrCopy(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        Piece moved = Identify(source, from);
        if (kernel.Remap(from, length, length, RemapOptions.Move, to) < 0)
        {
            Repair(destination, to, length);
            Copy(from, to, length);
            return;
        }

        destination.Replace(At(moved, from, to, length)); // first, as Linux does: what is unmapped there may make the source a whole mapping
        source.Leave(from, from + length);
    }

    private void MoveByScratch(PieceMap source, PieceMap destination, ulong from, ulong to, ulong length)
    {
        Piece moved = Identify(source, from);
        if (!TryMoveOut(source, from, length, out ulong place))
            Copy(from, to, length);
        else
            MoveIn(destination, moved, place, from, to, length);
    }

    /// <summary>Moves a range to a place of the scratch; the range stays mapped, and reads as zeroes.</summary>
    private bool TryMoveOut(PieceMap source, ulong from, ulong length, out ulong place)
    {
        if (!_scratch.TryPlace(from, length, out place))
            return false;
        if (kernel.Remap(from, length, length, RemapOptions.Move, place) < 0)
        {
            _scratch.Repair(place, length);
            return false;
        }

        source.Leave(from, from + length);
        return true;
    }

    /// <summary>Moves a range from the scratch to its destination.</summary>
    /// <param name="destination">Where it goes.</param>
    /// <param name="moved">The piece that it was a part of at <paramref name="from"/>.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="from">Where it was.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="length">Its bytes.</param>
    private void MoveIn(PieceMap destination, in Piece moved, ulong place, ulong from, ulong to, ulong length)
    {
        if (kernel.Remap(place, length, length, RemapOptions.Move, to) >= 0)
        {
            destination.Replace(At(moved, from, to, length));
            return;
        }

        Repair(destination, to, length);
        kernel.Copy(place, to, length);
        _scratch.Discard(place, length);
    }

    private void ExchangePart(PieceMap pieces, ulong first, ulong second, ulong length)
    {
        MoveCosts known = costs ?? MoveCosts.Current;
        double moving = known.Move(first, first, length, _spans) + (2 * known.Move(first, second, length, _spans));
        const int Copies = 3; // by way of a block that stays in the caches
        if (strategy == MoveStrategy.Cheapest && Copies * known.Copy(length) <= moving)
        {
            ExchangeBytes(first, second, length);
            return;
        }

        Piece moved = Identify(pieces, first);
        if (!TryMoveOut(pieces, first, length, out ulong place))
        {
            ExchangeBytes(first, second, length);
            return;
        }

        MoveOrCopy(pieces, pieces, second, first, length);
        MoveIn(pieces, moved, place, first, second, length);
    }

    private void ExchangeBytes(ulong first, ulong second, ulong length)
    {
        byte[] block = _exchanged ??= GC.AllocateUninitializedArray<byte>((int)ExchangeBlock);
        for (ulong done = 0; done < length;)
        {
            Span<byte> part = block.AsSpan(0, (int)Math.Min(ExchangeBlock, length - done));
            kernel.Read(first + done, part);
            kernel.Copy(second + done, first + done, (ulong)part.Length);
            kernel.Write(second + done, part);
            done += (ulong)part.Length;
        }
    }

    private void Copy(ulong from, ulong to, ulong length)
    {
        kernel.Copy(from, to, length);
        _staleStart = Math.Min(_staleStart, from);
        _staleEnd = Math.Max(_staleEnd, from + length);
    }

    /// <summary>Makes zeroes of what copying has left in the source, outside of the destination.</summary>
    private void ClearStale(ulong from, ulong to, ulong length)
    {
        ulong start = Math.Max(_staleStart, from < to ? from : Math.Max(from, to + length));
        ulong end = Math.Min(_staleEnd, from < to ? Math.Min(from + length, to) : from + length);
        if (start < end)
            Clear(start, end - start);
    }

    /// <summary>Makes sure that the piece at <paramref name="address"/> has its identity before a part of it moves: what has none takes a new one where it arrives.</summary>
    private Piece Identify(PieceMap pieces, ulong address)
    {
        int index = pieces.IndexAt(address);
        if (!pieces[index].IsTouched)
        {
            kernel.Touch(address);
            pieces.Touch(index);
        }

        return pieces[index];
    }

    private static Piece At(in Piece moved, ulong from, ulong to, ulong length) =>
        moved with { Start = to, End = to + length, Shift = moved.Shift + (from - to) };

    /// <summary>Makes good what a failed move may have done to its destination: Linux unmaps it before some of the steps that can fail.</summary>
    private void Repair(PieceMap destination, ulong to, ulong length)
    {
        if (kernel.Advise(to, length, PageAdvice.Normal) == 0)
            return; // it failed before
        if (kernel.Map(to, length, PageAccess.ReadWrite, MapOptions.Private | MapOptions.FixedNoReplace) < 0)
            throw new LostPlaceException();
        destination.ReplaceByFresh(to, to + length);
    }
}
