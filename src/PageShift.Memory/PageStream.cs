namespace PageShift.Memory;

/// <summary>A stream in native memory, in place of <see cref="MemoryStream"/>: beyond 2 GiB, without a copy on growth, and with runs of pages inserted and removed by page-table moves.</summary>
/// <remarks>Readable, writable, seekable. Asynchronous calls complete at once. Not thread-safe. Setting the length shorter keeps the memory for what is written next; <see cref="TrimExcess"/>
/// gives it back.</remarks>
public sealed class PageStream : Stream
{
    private readonly PageBuffer _buffer;
    private readonly bool _leavesOpen;
    private bool _isClosed;
    private long _length;
    private long _position;
    private long _written; // all bytes of the buffer from here on are zero

    /// <summary>Makes an empty stream on a buffer of its own.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageStream()
        : this(0)
    {
    }

    /// <summary>Makes an empty stream on a buffer of its own.</summary>
    /// <param name="capacity">The bytes to reserve addresses for. Addresses take no memory; beyond them the stream moves by page-table moves.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is negative.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageStream(long capacity)
        : this(new PageBuffer(0, new PageBufferOptions { Capacity = capacity }), leavesOpen: false)
    {
    }

    /// <summary>Makes a stream over a buffer: all its bytes, from position 0.</summary>
    /// <param name="buffer">The buffer, which only the stream changes while it is open.</param>
    /// <param name="leavesOpen">True when the buffer is not disposed with the stream. What the stream then leaves in it is <see cref="Length"/> bytes, rounded up to whole pages;
    /// where a lease keeps it from getting shorter, there are more zeroes behind them.</param>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public PageStream(PageBuffer buffer, bool leavesOpen)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        _buffer = buffer;
        _leavesOpen = leavesOpen;
        _length = buffer.Length;
        _written = buffer.Length;
    }

    /// <inheritdoc/>
    public override bool CanRead => !_isClosed;

    /// <inheritdoc/>
    public override bool CanSeek => !_isClosed;

    /// <inheritdoc/>
    public override bool CanWrite => !_isClosed;

    /// <inheritdoc/>
    public override long Length => Open()._length;

    /// <inheritdoc/>
    public override long Position
    {
        get => Open()._position;
        set
        {
            Open();
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <summary>The buffer below, for leases and for its pages.</summary>
    /// <remarks>Any number of threads may call it while none uses the stream otherwise.</remarks>
    public PageBuffer Buffer => Open()._buffer;

    /// <summary>The bytes at a position, whatever stretch: good until the stream's length changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Any number of threads may call it while none uses the stream otherwise.</remarks>
    public Span<byte> GetSpan(long position, int length)
    {
        Open();
        if (position < 0 || length < 0 || position > _length - length)
            throw new ArgumentOutOfRangeException(nameof(position), $"{length} bytes at {position} reach beyond the stream's end at {_length}.");
        return _buffer.AsSpan(position, length);
    }

    /// <summary>Inserts zeroes; the bytes from <paramref name="position"/> on move towards the end. By page-table moves when the length is a multiple of the page size, at any position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the position beyond the end.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room; nothing has changed.</exception>
    /// <remarks>Not thread-safe. The stream's position stays the number that it is.</remarks>
    public void Insert(long position, long length)
    {
        Open();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (position < 0 || position > _length)
            throw new ArgumentOutOfRangeException(nameof(position), position, $"{position} is not between 0 and the length of {_length}.");
        ByteSplices.Insert(_buffer, _length, position, length);
        _buffer.Clear(position, length);
        _length += length;
        _written = Math.Min(_buffer.Length, _written + length);
    }

    /// <summary>Removes bytes; those after them move towards the front. By page-table moves when the length is a multiple of the page size, at any position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Not thread-safe. The stream's position stays the number that it is.</remarks>
    public void Remove(long position, long length)
    {
        Open();
        if (position < 0 || length < 0 || position > _length - length)
            throw new ArgumentOutOfRangeException(nameof(position), $"{length} bytes at {position} reach beyond the stream's end at {_length}.");
        ByteSplices.Remove(_buffer, _length, position, length);
        _length -= length;
        _written = Math.Min(_written, _buffer.Length);
    }

    /// <summary>Gives the memory behind the end back.</summary>
    /// <exception cref="InvalidOperationException">A lease of the buffer is held.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public void TrimExcess()
    {
        Open();
        long page = _buffer.PageSize;
        _buffer.Resize((_length + page - 1) / page * page);
        ClearFrom(_length, _buffer.Length);
        _written = Math.Min(_written, _length);
    }

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        Open();
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        if (value > _length)
            Extend(value);
        _length = value;
        _position = Math.Min(_position, value);
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        Open();
        long from = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            SeekOrigin.End => _length,
            _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "Not an origin."),
        };
        if (offset > long.MaxValue - from)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"An offset of {offset} from {from} is beyond the largest position.");
        long position = from + offset;
        if (position < 0)
            throw new IOException($"An offset of {offset} from {from} is before the start of the stream.");
        return _position = position;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        Open();
        var length = (int)Math.Min(buffer.Length, Math.Max(0, _length - _position));
        if (length != 0)
            _buffer.Read(_position, buffer[..length]);
        _position += length;
        return length;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

#pragma warning disable RS0027 // the optional parameter is Stream's own
    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<int>(cancellationToken);
        try
        {
            return ValueTask.FromResult(Read(buffer.Span));
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<int>(exception); // who starts several waits for all of them
        }
    }
#pragma warning restore RS0027

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Open();
        long end = ByteSplices.Sum(_position, buffer.Length);
        long own = _buffer.OffsetOf(buffer);
        if (end > _length)
            Extend(end);
        ByteSplices.Populate(_buffer, _position, buffer.Length, _written);
        if (own >= 0)
            _buffer.CopyWithin(own, _position, buffer.Length); // the buffer's own bytes may have moved with it
        else
            _buffer.Write(_position, buffer);
        _written = Math.Max(_written, end);
        _length = Math.Max(_length, end);
        _position = end;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    public override void WriteByte(byte value) => Write([value]);

#pragma warning disable RS0027 // the optional parameter is Stream's own
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        try
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
        catch (Exception exception)
        {
            return ValueTask.FromException(exception);
        }
    }
#pragma warning restore RS0027

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <inheritdoc/>
    public override void CopyTo(Stream destination, int bufferSize)
    {
        ValidateCopyToArguments(destination, bufferSize);
        long start = Open()._position;
        long end = _length;
        if (start >= end)
            return;
        _position = end; // before the first write, as in a memory stream: the destination may be this stream
        CopyTo(destination, start, end);
    }

    /// <inheritdoc/>
    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        // Through an array, as the base does it, but for a copy to itself: its second round would read what the first has written.
        if (destination != this || _isClosed || cancellationToken.IsCancellationRequested)
            return base.CopyToAsync(destination, bufferSize, cancellationToken);
        try
        {
            CopyTo(destination, bufferSize);
            return Task.CompletedTask;
        }
        catch (Exception exception) when (exception is not ArgumentException)
        {
            return Task.FromException(exception);
        }
    }

    /// <summary>Writes all bytes, from the first on, to a stream.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void WriteTo(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Open();
        CopyTo(stream, 0, _length);
    }

    /// <summary>A copy of all bytes.</summary>
    /// <exception cref="OverflowException">There are more than an array holds.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public byte[] ToArray()
    {
        if (Open()._length > Array.MaxLength)
            throw new OverflowException($"{_length} bytes are more than an array holds.");
        var bytes = new byte[_length];
        _buffer.Read(0, bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : Task.CompletedTask;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            if (!_leavesOpen)
                _buffer.Dispose();
            else if (_buffer.IsUsable && _buffer.IsLeased)
                ClearFrom(_length, _buffer.Length); // nothing can be cut off now, and Dispose should not throw
            else if (_buffer.IsUsable)
                TrimExcess();
        }

        _isClosed = true;
        base.Dispose(disposing);
    }

    /// <summary>Writes bytes to a stream, which may be this one.</summary>
    private void CopyTo(Stream destination, long start, long end)
    {
        const int Most = 1 << 30;
        if (destination == this)
            ByteSplices.EnsureLength(_buffer, ByteSplices.Sum(_position, end - start)); // while there is a lease it can't move
        for (long at = start; at < end;)
        {
            var length = (int)Math.Min(Most, end - at);
            using (PageLease lease = _buffer.Lease())
                destination.Write(lease.AsSpan(at, length));
            at += length;
        }
    }

    private PageStream Open()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        return this;
    }

    /// <summary>Makes room up to a new end; what is between the old end and it reads as zeroes.</summary>
    private void Extend(long end)
    {
        ByteSplices.EnsureLength(_buffer, end);
        ClearFrom(_length, Math.Min(end, _written));
    }

    private void ClearFrom(long start, long end)
    {
        if (start < end)
            _buffer.Clear(start, end - start);
    }
}
