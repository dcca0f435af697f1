using PageShift.Memory.Kernel;

namespace PageShift.Memory;

public sealed partial class PageBuffer
{
    /// <summary>Inserts zeroes; the bytes from <paramref name="offset"/> on move towards the end.</summary>
    /// <param name="offset">Where: a multiple of the page size, at most <see cref="Length"/>.</param>
    /// <param name="length">How many: a multiple of the page size.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative or no multiple of the page size, the offset is beyond the end, or the new length beyond <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe. Multiples of <see cref="MemoryCapabilities.PageTableSpan"/> move whole page tables; other lengths move each page's entry.</remarks>
    public void Insert(long offset, long length)
    {
        CheckPages(offset, nameof(offset));
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        var at = (ulong)offset;
        CheckRange(at, 0, _length, nameof(offset));
        CheckCapacity(_length + (ulong)length);
        Commit(_length + (ulong)length);
        Shift(_pieces, _pieces, _base + at, _base + at + (ulong)length, _length - at, clears: true);
        _length += (ulong)length;
        Trim();
    }

    /// <summary>Inserts the pages of another buffer; the bytes from <paramref name="offset"/> on move towards the end. The other is empty afterwards, and keeps its capacity.</summary>
    /// <param name="offset">Where: a multiple of the page size, at most <see cref="Length"/>.</param>
    /// <param name="other">The other buffer.</param>
    /// <exception cref="ArgumentException">The other is this one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, no multiple of the page size or beyond the end, or the two don't fit into <see cref="Capacity"/>.</exception>
    /// <exception cref="InvalidOperationException">A lease of either is held.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe, for either.</remarks>
    public void Insert(long offset, PageBuffer other)
    {
        ArgumentNullException.ThrowIfNull(other);
        CheckPages(offset, nameof(offset));
        if (other == this)
            throw new ArgumentException("A buffer can't take its own pages.", nameof(other));
        using Operation operation = EnterShift();
        using Operation departure = other.EnterShift();
        var at = (ulong)offset;
        ulong length = other._length;
        CheckRange(at, 0, _length, nameof(offset));
        CheckCapacity(_length + length);
        Commit(_length + length);
        Shift(_pieces, _pieces, _base + at, _base + at + length, _length - at, clears: false);
        Shift(other._pieces, _pieces, other._base, _base + at, length, clears: false);
        _length += length;
        other.Decommit(other._base);
        other._length = 0;
        Trim();
    }

    /// <summary>Removes bytes; those after them move towards the front. Their memory is given back.</summary>
    /// <param name="offset">Where: a multiple of the page size.</param>
    /// <param name="length">How many: a multiple of the page size.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative or no multiple of the page size, or the range reaches beyond the end.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <remarks>Not thread-safe. From the front <see cref="DropFront"/> is cheaper.</remarks>
    public void Remove(long offset, long length)
    {
        CheckPages(offset, nameof(offset));
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        var at = (ulong)offset;
        var removed = (ulong)length;
        CheckRange(at, removed, _length, nameof(offset));
        Shift(_pieces, _pieces, _base + at + removed, _base + at, _length - at - removed, clears: false);
        _length -= removed;
        Decommit(_base + _length);
        Trim();
    }

    /// <summary>Moves bytes within the buffer, over what is at their destination. The two ranges may overlap. What is left of the source reads as zeroes.</summary>
    /// <param name="from">Where they are: a multiple of the page size.</param>
    /// <param name="to">Where they go: a multiple of the page size.</param>
    /// <param name="length">How many: a multiple of the page size.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the three is negative or no multiple of the page size, or a range reaches beyond the end.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void Move(long from, long to, long length)
    {
        CheckPages(from, nameof(from));
        CheckPages(to, nameof(to));
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        CheckRange((ulong)from, (ulong)length, _length, nameof(from));
        CheckRange((ulong)to, (ulong)length, _length, nameof(to));
        Shift(_pieces, _pieces, _base + (ulong)from, _base + (ulong)to, (ulong)length, clears: true);
        Trim();
    }

    /// <summary>Exchanges two ranges that do not overlap.</summary>
    /// <param name="first">Where one begins: a multiple of the page size.</param>
    /// <param name="second">Where the other begins: a multiple of the page size.</param>
    /// <param name="length">The bytes of each: a multiple of the page size.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the three is negative or no multiple of the page size, or a range reaches beyond the end.</exception>
    /// <exception cref="ArgumentException">The two overlap.</exception>
    /// <exception cref="InvalidOperationException">A lease is held.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void Exchange(long first, long second, long length)
    {
        CheckPages(first, nameof(first));
        CheckPages(second, nameof(second));
        CheckPages(length, nameof(length));
        using Operation operation = EnterShift();
        CheckRange((ulong)first, (ulong)length, _length, nameof(first));
        CheckRange((ulong)second, (ulong)length, _length, nameof(second));
        if (Math.Abs(first - second) < length)
            throw new ArgumentException($"{length} bytes at {first} and at {second} overlap.", nameof(second));
        _mover.OnlyCopies = _merger.IsFull(_pieces);
        ExchangePages(_base + (ulong)first, _base + (ulong)second, (ulong)length);
        Trim();
    }

    /// <summary>Makes zeroes of a range, and gives the memory of its whole pages back.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="length">How many bytes: any.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Not thread-safe. Shifts nothing, and may be done while a lease is held.</remarks>
    public void Clear(long offset, long length)
    {
        using Operation operation = Enter();
        CheckBytes(offset, length);
        ulong start = _base + (ulong)offset;
        ulong end = start + (ulong)length;
        ulong firstPage = (start + _page - 1) & ~(_page - 1);
        ulong endOfPages = end & ~(_page - 1);
        if (firstPage >= endOfPages || _kernel.Advise(firstPage, endOfPages - firstPage, PageAdvice.DontNeed) < 0)
        {
            _kernel.Clear(start, end - start);
            return;
        }

        _kernel.Clear(start, firstPage - start);
        _kernel.Clear(endOfPages, end - endOfPages);
    }

    /// <summary>Makes the pages of a range present in one call, for who is about to write all of it: a fault for each page takes about half as long again. Changes no byte.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="length">How many bytes: any.</param>
    /// <returns>True when they are present; false when the kernel can't do it (before Linux 5.14), or has no memory for it. Then they become present as they are written to.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Not thread-safe. May be called while a lease is held.</remarks>
    public bool Populate(long offset, long length)
    {
        using Operation operation = Enter();
        CheckBytes(offset, length);
        ulong start = (_base + (ulong)offset) & ~(_page - 1);
        ulong end = (_base + (ulong)(offset + length) + _page - 1) & ~(_page - 1);
        return start == end || _kernel.Advise(start, end - start, PageAdvice.PopulateWrite) >= 0;
    }

    /// <summary>Asks for huge pages, or no longer.</summary>
    /// <param name="wanted">True to ask for them.</param>
    /// <returns>True when the kernel heeds the advice.</returns>
    /// <remarks>Not thread-safe. Holds until it is given again, wherever the buffer moves, and for what is split off. At first the system's own setting holds: none for <c>madvise</c> and
    /// <c>never</c> in /sys/kernel/mm/transparent_hugepage/enabled, but huge pages for <c>always</c>. A first fill took 3.5 times as long with them where it was measured: each fault zeroes 2 MiB. They pay
    /// for memory that is filled once and then read at random many times, as they save misses of the TLB. A shift by no multiple of 2 MiB takes huge pages apart.</remarks>
    public bool AdviseHugePages(bool wanted)
    {
        using Operation operation = Enter();
        return Advise(wanted ? PageAdvice.HugePage : PageAdvice.NoHugePage);
    }

    /// <summary>Gives advice on huge pages for all addresses; what is mapped from here on gets it too.</summary>
    private bool Advise(PageAdvice advice)
    {
        _pieces.Part(); // Linux does not merge what was advised with what was split off before it
        if (_kernel.Advise(_reservation!.Start, _reservation.Length, advice) < 0)
            return false;
        _advice = advice;
        return true;
    }

    private void ExchangePages(ulong first, ulong second, ulong length)
    {
        try
        {
            _mover.Exchange(_pieces, first, second, length);
        }
        catch (Moving.LostPlaceException)
        {
            _isLost = true;
            throw;
        }
    }
}
