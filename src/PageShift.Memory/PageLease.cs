namespace PageShift.Memory;

/// <summary>Holds the bytes of a <see cref="PageBuffer"/> in place until it is disposed, once. Not thread-safe.</summary>
public readonly ref struct PageLease
{
    private readonly PageBuffer _buffer;

    internal PageLease(PageBuffer buffer) => _buffer = buffer;

    /// <inheritdoc cref="PageBuffer.AsSpan(long, int)"/>
    public Span<byte> AsSpan(long offset, int length) => _buffer.AsSpan(offset, length);

    /// <inheritdoc cref="PageBuffer.GetPointer(long)"/>
    public nint GetPointer(long offset) => _buffer.GetPointer(offset);

    /// <summary>Ends the lease.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Dispose() => _buffer.RemoveLease();
}
