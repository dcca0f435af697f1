namespace PageShift.Memory;

public sealed partial class PageBuffer
{
    /// <summary>Makes it longer by zeroes at its end, or shorter. Takes one system call. Growing moves nothing, and may be done while a lease is held; the memory of what is cut off is given back.</summary>
    /// <param name="length">The new length: a multiple of the page size, at most <see cref="Capacity"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, no multiple of the page size, or beyond the capacity.</exception>
    /// <exception cref="InvalidOperationException">It gets shorter while a lease is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void Resize(long length)
    {
        CheckPages(length, nameof(length));
        var wanted = (ulong)length;
        using Operation operation = wanted < _length ? EnterShift() : Enter();
        CheckCapacity(wanted);
        if (wanted > _length)
            Commit(wanted);
        else
            Decommit(_base + wanted);
        _length = wanted;
        if (_leases == 0)
            Trim();
    }

    /// <summary>Re-basing growth: moves the buffer to a larger range of addresses, by page-table moves. Does nothing when there is the capacity already.</summary>
    /// <param name="capacity">The capacity that is wanted, in bytes; at least the length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is less than the length.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe. Spans and pointers from before are bad after it.</remarks>
    public void Reserve(long capacity)
    {
        using Operation operation = EnterShift();
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, (long)_length);
        if ((ulong)capacity > _reservation!.End - _base)
            Rebase((ulong)capacity);
    }

    /// <summary>Takes bytes from the front, and gives their memory back. The bytes after them stay where they are: the base moves, and offsets count from the new one.</summary>
    /// <param name="length">How many: a multiple of the page size, at most <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, no multiple of the page size, or more than there is.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <remarks>Not thread-safe. One system call; nothing moves. Takes from <see cref="Capacity"/>.</remarks>
    public void DropFront(long length)
    {
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        CheckRange(0, (ulong)length, _length, nameof(length));
        DropPages((ulong)length);
        _length -= (ulong)length;
    }

    /// <summary>Moves a window on: the front's pages become the tail, with what is in them. The same as rotating the bytes to the left by <paramref name="length"/>.</summary>
    /// <param name="length">How many bytes: a multiple of the page size, at most <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, no multiple of the page size, or more than there is.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe. The bytes that stay don't move: the base moves on by <paramref name="length"/>. When the capacity is used up, the buffer moves to the start of its addresses, or to twice as many, once in many slides; a capacity
    /// of twice the length keeps that rare.</remarks>
    public void Slide(long length)
    {
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        CheckRange(0, (ulong)length, _length, nameof(length));
        var part = (ulong)length;
        if (part == 0 || part == _length)
            return;
        if (_length + part > _reservation!.End - _base)
            MakeRoomAtEnd(part);
        Commit(_length + part);
        Shift(_pieces, _pieces, _base, _base + _length, part, clears: false);
        DropPages(part);
        Trim();
    }

    /// <summary>Takes the pages of another buffer to the end of this one. The other is empty afterwards, and keeps its capacity.</summary>
    /// <param name="other">The other buffer.</param>
    /// <exception cref="ArgumentException">The other is this one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The two don't fit into <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">A lease of either is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe, for either.</remarks>
    public void Append(PageBuffer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Insert((long)_length, other);
    }

    /// <summary>Parts it: the bytes from <paramref name="offset"/> on become a buffer of their own, with the same options.</summary>
    /// <param name="offset">Where: a multiple of the page size, at most <see cref="Length"/>.</param>
    /// <returns>The new buffer. Its capacity is at least its length.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, no multiple of the page size, or beyond the end.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public PageBuffer Split(long offset)
    {
        CheckPages(offset, nameof(offset));
        using Operation operation = EnterShift();
        var at = (ulong)offset;
        CheckRange(at, 0, _length, nameof(offset));
        ulong length = _length - at;
        var rest = new PageBuffer((long)length, _options with { Capacity = (long)length }, _kernel, congruentWith: _base + at);
        if (_advice is { } advice)
            rest.Advise(advice);
        using Operation arrival = rest.EnterShift();
        Shift(_pieces, rest._pieces, _base + at, rest._base, length, clears: false);
        Decommit(_base + at);
        _length = at;
        rest.Trim();
        return rest;
    }

    private void CheckCapacity(ulong length)
    {
        ulong capacity = _reservation!.End - _base;
        if (length > capacity)
            throw new ArgumentOutOfRangeException(nameof(length), $"{length} bytes are more than the capacity of {capacity} bytes; Reserve makes it larger.");
    }
}
