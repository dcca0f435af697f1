using PageShift.Memory.Kernel;

namespace PageShift.Memory;

/// <summary>A ring of bytes whose memory is mapped twice in a row, so that all that can be read, and all room to write, is one span each, wherever the ring's end is.</summary>
/// <remarks>
/// One thread may write (<see cref="GetWritableSpan"/>, <see cref="Advance"/>) while another reads (<see cref="GetReadableSpan"/>, <see cref="Consume"/>), without a lock; several of either
/// kind exclude each other. Where memory can't be mapped twice, what is written is copied to its second place, with the same results.
/// <para>Its memory is shared with children made by fork. After Dispose every member throws <see cref="ObjectDisposedException"/>; spans must not be used then.</para>
/// </remarks>
public sealed class MirroredRing : IDisposable
{
    private readonly IMemoryKernel _kernel;
    private readonly bool _isMirrored;
    private Reservation? _reservation;

    // How many bytes were ever written and read. Each is changed by its own side only.
    private long _writtenTotal;
    private long _readTotal;

    /// <summary>Makes an empty ring.</summary>
    /// <param name="capacity">The bytes that it holds, rounded up to whole pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is not from 1 to 1 GiB.</exception>
    /// <exception cref="InsufficientMemoryException">The system has no room.</exception>
    /// <remarks>Any thread may make one; others may use it once it is made.</remarks>
    public MirroredRing(int capacity)
        : this(capacity, SystemKernel.Instance)
    {
    }

    internal MirroredRing(int capacity, IMemoryKernel kernel)
    {
        const int Most = 1 << 30;
        if (capacity is < 1 or > Most)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"{capacity} is not from 1 to {Most}.");
        _kernel = kernel;
        var bytes = ((ulong)capacity + kernel.PageSize - 1) & ~(kernel.PageSize - 1);
        Capacity = (int)bytes;
        _reservation = Reservation.TryTake(kernel, 2 * bytes, PageAccess.None) ?? throw NoRoom(capacity);
        _isMirrored = kernel.MovesPages && TryMapTwice(_reservation.Start, bytes);
        if (_isMirrored)
            return;
        if (!IsWhole(_reservation.Start, bytes))
        {
            _reservation.Abandon();
            throw NoRoom(capacity);
        }

        if (kernel.Map(_reservation.Start, 2 * bytes, PageAccess.ReadWrite, MapOptions.Private | MapOptions.Fixed) < 0)
        {
            _reservation.Dispose();
            throw NoRoom(capacity);
        }
    }

    /// <summary>The bytes that it holds: whole pages.</summary>
    /// <remarks>Any thread may ask.</remarks>
    public int Capacity
    {
        get
        {
            Living();
            return field;
        }
    }

    /// <summary>The bytes that can be read.</summary>
    /// <remarks>The reader and the writer may ask at any time, each in its own thread.</remarks>
    public int Count
    {
        get
        {
            Living();
            return (int)(Volatile.Read(ref _writtenTotal) - Volatile.Read(ref _readTotal));
        }
    }

    /// <summary>True when the memory is mapped twice; false when its second place is kept by copying.</summary>
    /// <remarks>Any thread may ask.</remarks>
    public bool IsMirrored
    {
        get
        {
            Living();
            return _isMirrored;
        }
    }

    /// <summary>All the room there is, as one span. For the writer.</summary>
    /// <remarks>One thread at a time, the writer; a reader may run meanwhile.</remarks>
    public Span<byte> GetWritableSpan()
    {
        ulong start = Living().Start;
        long written = _writtenTotal;
        return NativeBytes.AsSpan(start + (ulong)(written % Capacity), Capacity - (int)(written - Volatile.Read(ref _readTotal)));
    }

    /// <summary>Makes bytes that were written to the start of <see cref="GetWritableSpan"/> readable. For the writer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than there is room.</exception>
    /// <remarks>One thread at a time, the writer; a reader may run meanwhile.</remarks>
    public void Advance(int count)
    {
        ulong start = Living().Start;
        long written = _writtenTotal;
        CheckCount(count, Capacity - (int)(written - Volatile.Read(ref _readTotal)));
        if (!_isMirrored)
            CopyToOtherPlace(start, (int)(written % Capacity), count);
        Volatile.Write(ref _writtenTotal, written + count);
    }

    /// <summary>All that can be read, as one span. For the reader.</summary>
    /// <remarks>One thread at a time, the reader; a writer may run meanwhile.</remarks>
    public ReadOnlySpan<byte> GetReadableSpan()
    {
        ulong start = Living().Start;
        long read = _readTotal;
        return NativeBytes.AsSpan(start + (ulong)(read % Capacity), (int)(Volatile.Read(ref _writtenTotal) - read));
    }

    /// <summary>Makes room of bytes at the start of <see cref="GetReadableSpan"/>. For the reader.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than can be read.</exception>
    /// <remarks>One thread at a time, the reader; a writer may run meanwhile.</remarks>
    public void Consume(int count)
    {
        Living();
        long read = _readTotal;
        CheckCount(count, (int)(Volatile.Read(ref _writtenTotal) - read));
        Volatile.Write(ref _readTotal, read + count);
    }

    /// <summary>Writes as many bytes as there is room for. For the writer.</summary>
    /// <returns>How many.</returns>
    /// <remarks>One thread at a time, the writer; a reader may run meanwhile.</remarks>
    public int Write(ReadOnlySpan<byte> source)
    {
        Span<byte> room = GetWritableSpan();
        int count = Math.Min(room.Length, source.Length);
        source[..count].CopyTo(room);
        Advance(count);
        return count;
    }

    /// <summary>Reads as many bytes as there are. For the reader.</summary>
    /// <returns>How many.</returns>
    /// <remarks>One thread at a time, the reader; a writer may run meanwhile.</remarks>
    public int Read(Span<byte> destination)
    {
        ReadOnlySpan<byte> readable = GetReadableSpan();
        int count = Math.Min(readable.Length, destination.Length);
        readable[..count].CopyTo(destination);
        Consume(count);
        return count;
    }

    /// <summary>Gives the memory back. Does nothing the second time.</summary>
    /// <remarks>Not thread-safe: neither reader nor writer may run.</remarks>
    public void Dispose()
    {
        _reservation?.Dispose();
        _reservation = null;
    }

    private static InsufficientMemoryException NoRoom(int capacity) => new($"The kernel refused memory for a ring of {capacity} bytes.");

    private static void CheckCount(int count, int most)
    {
        if (count < 0 || count > most)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"{count} is not from 0 to {most}.");
    }

    /// <summary>Maps shared memory over the first half, and the same memory over the second: mremap with an old length of 0 makes a second view.</summary>
    private bool TryMapTwice(ulong start, ulong bytes) =>
        _kernel.Map(start, bytes, PageAccess.ReadWrite, MapOptions.Shared | MapOptions.Fixed) >= 0
        && _kernel.Remap(start, 0, bytes, RemapOptions.MayMove | RemapOptions.Fixed, start + bytes) >= 0;

    /// <summary>False when a failed second view has left a hole that another thread's mapping may be in by now: Linux unmaps the destination before some of the steps that can fail.</summary>
    private bool IsWhole(ulong start, ulong bytes) =>
        _kernel.Advise(start, 2 * bytes, PageAdvice.Normal) == 0
        || _kernel.Map(start + bytes, bytes, PageAccess.None, MapOptions.Private | MapOptions.FixedNoReplace) >= 0;

    private void CopyToOtherPlace(ulong start, int offset, int count)
    {
        int first = Math.Min(count, Capacity - offset);
        _kernel.Copy(start + (ulong)offset, start + (ulong)(offset + Capacity), (ulong)first);
        _kernel.Copy(start + (ulong)Capacity, start, (ulong)(count - first));
    }

    private Reservation Living()
    {
        ObjectDisposedException.ThrowIf(_reservation is null, this);
        return _reservation;
    }
}
