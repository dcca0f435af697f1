using System.Runtime.InteropServices;

namespace PageShift.Measurement.LiveMemory;

/// <summary>The C library's realloc, which moves large blocks with mremap, by steps of 1 MiB.</summary>
internal sealed unsafe class GrowingRealloc : IGrowing
{
    private byte* _bytes;
    private nuint _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        _bytes = (byte*)NativeMemory.Realloc(_bytes, _length + (nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(_bytes + _length, bytes.Length));
        _length += (nuint)bytes.Length;
    }

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
    }
}
