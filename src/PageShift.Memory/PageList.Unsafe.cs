using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PageShift.Memory;

public sealed unsafe partial class PageList<T>
{
    // Where the buffer is, and how many values fit into its length: as they were at the end of the buffer's last operation.
    private T* _values;
    private long _room;

    private static int Size => sizeof(T);

    /// <summary>How many values fit into what is accessible.</summary>
    private long Room => _room;

    /// <summary>The value at an index, by reference: good until the list's length changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or beyond the end.</exception>
    /// <remarks>Any number of threads may call it while none changes the list.</remarks>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_count)
                ThrowIndex(index);
            return ref _values[index];
        }
    }

    internal Span<T> Values(long index, int count) => new(_values + index, count);

    /// <summary>Values and the room behind them.</summary>
    /// <exception cref="InvalidOperationException">The list has become too short for them.</exception>
    internal Span<T> ValuesAndRoom(long index, int count)
    {
        if (index > Living()._room - count)
            throw new InvalidOperationException($"{count} values at {index} reach beyond the list's room of {_room}: it has changed since the memory was taken.");
        return Values(index, count);
    }

    private ref T At(long index) => ref _values[index];

    /// <summary>Notes where the buffer is now, and how long, whoever changed it.</summary>
    private void Follow()
    {
        _values = (T*)_buffer.BaseAddress;
        _room = _buffer.UsableLength / Size;
        _count = Math.Min(_count, _room);
    }

    /// <summary>The offset of values in the buffer, in bytes; -1 when they are elsewhere.</summary>
    private long OffsetOf(ReadOnlySpan<T> values)
    {
        fixed (T* first = values)
            return _buffer.OffsetOf(first);
    }

    [DoesNotReturn]
    private void ThrowIndex(long index) => throw new ArgumentOutOfRangeException(nameof(index), index, $"{index} is not between 0 and the count of {Living()._count}.");
}

/// <summary>A stretch of a list as memory.</summary>
internal sealed class PageListMemory<T>(PageList<T> list, long index, int count) : MemoryManager<T>
    where T : unmanaged
{
    /// <inheritdoc/>
    public override Span<T> GetSpan() => list.ValuesAndRoom(index, count);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => list.Buffer.Pin((index + elementIndex) * Unsafe.SizeOf<T>());

    /// <inheritdoc/>
    public override void Unpin()
    {
        // The handle that Pin gave unpins the buffer itself.
    }

    /// <inheritdoc/>
    public override Memory<T> Memory => CreateMemory(count);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
