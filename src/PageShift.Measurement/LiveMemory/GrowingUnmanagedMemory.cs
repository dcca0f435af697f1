using DotNext.Buffers;
using DotNext.Runtime.InteropServices;

namespace PageShift.Measurement.LiveMemory;

/// <summary>DotNext's unmanaged memory, reallocated by steps of 1 MiB.</summary>
internal sealed class GrowingUnmanagedMemory : IGrowing
{
    private IUnmanagedMemory<byte>? _memory;
    private int _length;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_memory is null)
            _memory = UnmanagedMemory.Allocate<byte>(bytes.Length);
        else
            _memory.Reallocate(_length + bytes.Length);
        bytes.CopyTo(_memory.Memory.Span[_length..]);
        _length += bytes.Length;
    }

    public void Dispose() => _memory?.Dispose();
}
