using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PageShift.Memory;

public sealed unsafe partial class PageList<T>
{
    // Where the buffer is, and how many values fit into its length. Both change only with the buffer, which the list alone changes while nobody shifts its pages.
    private T* _values;
    private long _room;

    private static int Size => sizeof(T);

    /// <summary>How many values fit into what is accessible.</summary>
    private long Room => _room;

    /// <summary>The value at an index, by reference: good until the list's length changes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or beyond the end.</exception>
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

    private ref T At(long index) => ref _values[index];

    private void UpdateRoom()
    {
        _values = (T*)_buffer.BaseAddress;
        _room = _buffer.Length / Size;
    }

    private void Forget()
    {
        _values = null;
        _room = 0;
        _count = 0;
    }

    [DoesNotReturn]
    private void ThrowIndex(long index) => throw new ArgumentOutOfRangeException(nameof(index), index, $"{index} is not between 0 and the count of {_count}.");
}

/// <summary>A stretch of a list as memory.</summary>
internal sealed class PageListMemory<T>(PageList<T> list, long index, int count) : MemoryManager<T>
    where T : unmanaged
{
    /// <inheritdoc/>
    public override Span<T> GetSpan() => list.Values(index, count);

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
