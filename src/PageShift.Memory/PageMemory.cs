using System.Buffers;

namespace PageShift.Memory;

/// <summary>A stretch of a buffer's offsets as memory.</summary>
internal sealed class PageMemory(PageBuffer buffer, long offset, int length) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => buffer.AsSpan(offset, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => buffer.Pin(offset + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
        // The handle that Pin gave unpins the buffer itself.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    /// <inheritdoc/>
    public override Memory<byte> Memory => CreateMemory(length);
}
