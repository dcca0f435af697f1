using System.Buffers;
using PageShift.Memory.Kernel;

namespace PageShift.Memory;

public sealed unsafe partial class PageBuffer : IPinnable
{
    /// <summary>The bytes at an offset.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="length">How many: any; a span holds up to 2 GiB.</param>
    /// <returns>A span that is good until the next operation that shifts pages or gives them back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <exception cref="InvalidOperationException">No lease is held, and <see cref="PageBufferOptions.FindUnleasedUse"/> is on.</exception>
    /// <remarks>Any number of threads may call it, and use the spans, while no operation runs.</remarks>
    public Span<byte> AsSpan(long offset, int length)
    {
        Living();
        CheckBytes(offset, length);
        CheckLease();
        return NativeBytes.AsSpan(_base + (ulong)offset, length);
    }

    /// <summary>The address of the byte at an offset.</summary>
    /// <param name="offset">Where: any, up to <see cref="Length"/>.</param>
    /// <returns>An address that is good until the next operation that shifts pages or gives them back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative or beyond the end.</exception>
    /// <exception cref="InvalidOperationException">No lease is held, and <see cref="PageBufferOptions.FindUnleasedUse"/> is on.</exception>
    /// <remarks>Any number of threads may call it while no operation runs.</remarks>
    public nint GetPointer(long offset)
    {
        Living();
        CheckBytes(offset, 0);
        CheckLease();
        return (nint)(_base + (ulong)offset);
    }

    /// <summary>The bytes at an offset as memory: a view of the offsets, good as long as they are within the buffer. Each use of its span looks the buffer up; pinning it holds a lease.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="length">How many: any; memory holds up to 2 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the two is negative, or the range reaches beyond the end.</exception>
    /// <remarks>Any number of threads may call it while no operation runs. Allocates one small object.</remarks>
    public Memory<byte> AsMemory(long offset, int length)
    {
        Living();
        CheckBytes(offset, length);
        return new PageMemory(this, offset, length).Memory;
    }

    /// <summary>Holds the buffer's bytes in place, as a lease does, and gives the address of one of them.</summary>
    /// <param name="offset">Where: any, up to <see cref="Length"/>.</param>
    /// <returns>A handle that holds the bytes until it is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative or beyond the end.</exception>
    /// <remarks>Not thread-safe.</remarks>
    public MemoryHandle Pin(long offset)
    {
        Living();
        CheckBytes(offset, 0);
        AddLease();
        return new MemoryHandle((void*)(_base + (ulong)offset), pinnable: this);
    }

    /// <inheritdoc/>
    MemoryHandle IPinnable.Pin(int elementIndex) => Pin(elementIndex);

    /// <inheritdoc/>
    void IPinnable.Unpin() => RemoveLease();

    /// <summary>Reads bytes.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="destination">Where they go.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches beyond the end.</exception>
    /// <remarks>Any number of threads may call it while no operation runs, unless <see cref="PageBufferOptions.FindUnleasedUse"/> is on.</remarks>
    public void Read(long offset, Span<byte> destination)
    {
        using Operation operation = Enter();
        CheckBytes(offset, destination.Length);
        _kernel.Read(_base + (ulong)offset, destination);
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="offset">Where: any.</param>
    /// <param name="source">The bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches beyond the end.</exception>
    /// <remarks>Any number of threads may call it while no operation runs, unless <see cref="PageBufferOptions.FindUnleasedUse"/> is on.</remarks>
    public void Write(long offset, ReadOnlySpan<byte> source)
    {
        using Operation operation = Enter();
        CheckBytes(offset, source.Length);
        _kernel.Write(_base + (ulong)offset, source);
    }

    /// <summary>Copies bytes within the buffer. The two ranges may overlap.</summary>
    /// <param name="from">Where they are: any.</param>
    /// <param name="to">Where they go: any.</param>
    /// <param name="length">How many: any.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of the three is negative, or a range reaches beyond the end.</exception>
    /// <remarks>Not thread-safe. Shifts no page, and may be done while a lease is held.</remarks>
    public void CopyWithin(long from, long to, long length)
    {
        using Operation operation = Enter();
        CheckBytes(from, length);
        CheckBytes(to, length);
        _kernel.Copy(_base + (ulong)from, _base + (ulong)to, (ulong)length);
    }

    /// <summary>Where an address is in the buffer; -1 when they are elsewhere. A caller may hand the buffer's own bytes to an operation that moves them first.</summary>
    internal long OffsetOf(void* address)
    {
        ulong offset = (ulong)address - _base;
        return offset < _length ? (long)offset : -1;
    }

    /// <inheritdoc cref="OffsetOf(void*)"/>
    internal long OffsetOf(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
            return OffsetOf(first);
    }

    private void CheckBytes(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        CheckRange((ulong)offset, (ulong)length, _length, nameof(offset));
    }

    private void CheckLease()
    {
        if (_options.FindUnleasedUse && _leases == 0)
            throw new InvalidOperationException("The buffer is used without a lease. Take one with Lease or Pin.");
    }
}
