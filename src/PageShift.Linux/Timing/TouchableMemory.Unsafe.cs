using System.Runtime.InteropServices;
using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Units;

namespace PageShift.Linux.Timing;

/// <summary>Private anonymous memory of this process in pages of 4 KiB, whose faults are the running kernel's; for timing them.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed unsafe class TouchableMemory : IDisposable
{
    private readonly ulong _bytes;
    private byte* _start; // owned: _bytes bytes, unmapped in Dispose

    private TouchableMemory(byte* start, ulong bytes)
    {
        _start = start;
        _bytes = bytes;
    }

    /// <summary>Maps <paramref name="pages"/> pages, none of them present.</summary>
    /// <param name="pages">How many; not 0.</param>
    /// <param name="reason">When the result is null: one sentence that says why it is not possible here.</param>
    public static TouchableMemory? TryMap(PageCount pages, out string? reason)
    {
        reason = PlatformSupport.MissingReason;
        if (reason is not null) return null;
        ulong bytes = ByteLength.FromPages(pages).Value;
        CallResult mapped = Kernel.MmapPrivate(bytes);
        CallResult advised = mapped.IsError ? mapped : Kernel.Madvise((nint)mapped.Raw, bytes, Advice.NoHugePage);
        if (!mapped.IsError && !advised.IsError) return new TouchableMemory((byte*)mapped.Raw, bytes);
        if (!mapped.IsError) _ = Kernel.Munmap((nint)mapped.Raw, bytes);
        reason = $"memory for faults could not be mapped: {ErrnoName.Of(advised.Error)}";
        return null;
    }

    /// <summary>Writes one byte to each page.</summary>
    public void Touch()
    {
        ObjectDisposedException.ThrowIf(_start == null, this);
        for (ulong at = 0; at < _bytes; at += PageSize.Bytes)
            Volatile.Write(ref _start[at], 1); // within the mapping
    }

    /// <summary>Writes zeroes to all of it.</summary>
    public void Clear()
    {
        ObjectDisposedException.ThrowIf(_start == null, this);
        NativeMemory.Clear(_start, (nuint)_bytes);
    }

    /// <summary>Gives all pages back: the next touch of each faults.</summary>
    public void Drop()
    {
        ObjectDisposedException.ThrowIf(_start == null, this);
        _ = Kernel.Madvise((nint)_start, _bytes, Advice.DontNeed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start == null) return;
        _ = Kernel.Munmap((nint)_start, _bytes);
        _start = null;
    }
}
