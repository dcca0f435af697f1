using System.Buffers;

namespace PageShift.Memory;

/// <summary>A list of unmanaged values in native memory: beyond 2 GiB, without a copy on growth, and with insertions and removals by page-table moves where their bytes are whole pages.</summary>
/// <typeparam name="T">The values. Any size.</typeparam>
/// <remarks>
/// Growth commits more of the reserved addresses, and beyond them moves page-table entries, never values. A range whose bytes are a multiple of the page size is inserted and removed by
/// moving pages, wherever it begins, with a copy of less than a page; other ranges copy what is behind them, as a <see cref="List{T}"/> does.
/// <para>Spans and references are good until the next change of the list's length. Not thread-safe, as <see cref="List{T}"/>: any number of threads may read while none changes it.</para>
/// </remarks>
public sealed partial class PageList<T> : IBufferWriter<T>, IDisposable
    where T : unmanaged
{
    private readonly PageBuffer _buffer;
    private long _count;
    private long _touched; // the bytes up to here are present already

    /// <summary>Makes an empty list.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageList()
        : this(0)
    {
    }

    /// <summary>Makes an empty list.</summary>
    /// <param name="capacity">How many values to reserve addresses for. Addresses take no memory; beyond them the list moves by page-table moves.</param>
    /// <param name="options">How its buffer is made, except for the capacity, and for <see cref="PageBufferOptions.FindUnleasedUse"/>, as the list itself uses its memory without a lease. Null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is negative.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageList(long capacity, PageBufferOptions? options = null)
        : this(new PageBuffer(0, (options ?? PageBufferOptions.Default) with { Capacity = CapacityOf(capacity), FindUnleasedUse = false }))
    {
    }

    internal PageList(PageBuffer buffer)
    {
        _buffer = buffer;
        buffer.Changed = Follow;
        Follow();
    }

    /// <summary>How many values there are.</summary>
    /// <remarks>Any number of threads may call it while none changes the list.</remarks>
    public long Count => Living()._count;

    /// <summary>The buffer, for whole pages of it and for leases. Its length is at least that of the values. Shifting its pages moves values, and making it shorter takes those away that no longer fit.</summary>
    /// <remarks>Any number of threads may call it while none changes the list.</remarks>
    public PageBuffer Buffer => Living()._buffer;

    /// <summary>Gives the memory back. The list is empty afterwards, and takes no values. Does nothing the second time.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Dispose() => _buffer.Dispose();

    /// <summary>Adds a value at the end.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void Add(T value)
    {
        if (_count == Room)
            Grow(1);
        At(_count) = value;
        _count++;
    }

    /// <summary>Adds values at the end.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void AddRange(ReadOnlySpan<T> values)
    {
        long own = OffsetOf(values);
        Span<T> room = GetSpan(values.Length);
        if (own < 0)
            values.CopyTo(room);
        else
            _buffer.CopyWithin(own, _count * Size, (long)values.Length * Size); // the list's own, which growing may have moved
        _count += values.Length;
    }

    /// <summary>Inserts values; those from <paramref name="index"/> on move towards the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or beyond the end.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void InsertRange(long index, ReadOnlySpan<T> values)
    {
        long own = OffsetOf(values);
        if (own >= 0 && own + ((long)values.Length * Size) > _count * Size)
        {
            values = values.ToArray(); // from the room behind the last value, which the insertion writes over
            own = -1;
        }

        InsertRange(index, values.Length, clears: false);
        if (own < 0)
        {
            values.CopyTo(Values(index, values.Length));
            GC.KeepAlive(this); // a span keeps no buffer alive: the finaliser of a list that is not used any more would unmap it meanwhile
            return;
        }

        // The list's own: what is before the gap stayed, the rest has moved on by its length.
        long gap = index * Size;
        long length = (long)values.Length * Size;
        long before = Math.Clamp(gap - own, 0, length);
        _buffer.CopyWithin(own, gap, before);
        _buffer.CopyWithin(own + before + length, gap + before, length - before);
    }

    /// <summary>Inserts zeroes; the values from <paramref name="index"/> on move towards the end.</summary>
    /// <param name="index">Where.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or beyond the end, or the count is negative.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void InsertRange(long index, long count) => InsertRange(index, count, clears: true);

    /// <summary>Removes values; those after them move towards the front.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void RemoveRange(long index, long count)
    {
        CheckRange(index, count);
        long left = _count - count;
        ByteSplices.Remove(_buffer, _count * Size, index * Size, count * Size);
        _count = left;
        _touched = Math.Min(_touched, _count * Size);
    }

    /// <summary>Removes all values. Keeps the memory.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Clear() => Living()._count = 0;

    /// <summary>Gives the memory behind the last value back.</summary>
    /// <exception cref="InvalidOperationException">A lease of the buffer is held.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void TrimExcess()
    {
        long page = _buffer.PageSize;
        _buffer.Resize(((_count * Size) + page - 1) / page * page);
        _touched = Math.Min(_touched, _buffer.Length);
    }

    /// <summary>The values at an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Any number of threads may call it while none changes the list.</remarks>
    public Span<T> AsSpan(long index, int count)
    {
        CheckRange(index, count);
        return Values(index, count);
    }

    /// <summary>Room for values behind the last, which <see cref="Advance"/> makes part of the list.</summary>
    /// <param name="sizeHint">How many at least; 0 for some.</param>
    /// <exception cref="ArgumentOutOfRangeException">The hint is negative.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public Span<T> GetSpan(int sizeHint = 0)
    {
        Living();
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (Room - _count < Math.Max(sizeHint, 1))
            Grow(Math.Max(sizeHint, 1));
        _touched = ByteSplices.Populate(_buffer, _count * Size, (long)sizeHint * Size, _touched);
        return Values(_count, (int)Math.Min(Room - _count, int.MaxValue));
    }

    /// <summary>The same as memory, which must not be used once the list has changed.</summary>
    /// <inheritdoc cref="GetSpan(int)"/>
    public Memory<T> GetMemory(int sizeHint = 0)
    {
        int length = GetSpan(sizeHint).Length;
        return new PageListMemory<T>(this, _count, length).Memory;
    }

    /// <summary>Makes values that were written to <see cref="GetSpan"/> part of the list.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than there is room.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void Advance(int count)
    {
        if (count < 0 || count > Living()._room - _count)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"{count} values are not between 0 and the room of {Room - _count}.");
        _count += count;
    }

    private void InsertRange(long index, long count, bool clears)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CheckRange(index, 0);
        ByteSplices.Insert(_buffer, _count * Size, index * Size, ByteSplices.Product(count, Size));
        _count += count;
        if (clears)
            _buffer.Clear(index * Size, count * Size);
    }

    private void Grow(long count) => ByteSplices.EnsureLength(_buffer, ByteSplices.Product(_count + count, Size));

    private PageList<T> Living()
    {
        _ = _buffer.Length; // throws when it is disposed
        return this;
    }

    private static long CapacityOf(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count, "capacity");
        return ByteSplices.Product(count, Size);
    }

    private void CheckRange(long index, long count)
    {
        Living();
        if (index < 0 || count < 0 || index > _count - count)
            throw new ArgumentOutOfRangeException(nameof(index), $"{count} values at {index} reach beyond the list's {_count}.");
    }
}
