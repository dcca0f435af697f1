using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using PageShift.Memory.Interop;

namespace PageShift.Memory.Kernel;

/// <summary>Memory of the C library, for systems where pages can't be moved: what is mapped is there and accessible from the start, and all else is done by copying.</summary>
internal sealed unsafe class PortableKernel : IMemoryKernel
{
    // From the aligned address that was answered to what the C library gave.
    private readonly ConcurrentDictionary<ulong, nint> _allocated = new();

    /// <inheritdoc/>
    public ulong PageSize { get; } = (ulong)Environment.SystemPageSize;

    /// <inheritdoc/>
    public bool MovesPages => false;

    /// <inheritdoc/>
    public bool MovesSinglePages => false;

    /// <summary>Allocates zeroed memory, or with <see cref="MapOptions.Fixed"/> makes zeroes of a part of it.</summary>
    public long Map(ulong address, ulong length, PageAccess access, MapOptions options)
    {
        if ((options & MapOptions.Fixed) != 0)
        {
            Clear(address, length);
            return (long)address;
        }

        try
        {
            void* allocated = NativeMemory.AllocZeroed((nuint)(length + PageSize));
            ulong place = ((ulong)allocated + PageSize - 1) & ~(PageSize - 1);
            _allocated[place] = (nint)allocated;
            return (long)place;
        }
        catch (OutOfMemoryException)
        {
            return KernelError.OutOfMemory;
        }
    }

    /// <summary>Frees all of what one <see cref="Map"/> allocated.</summary>
    public long Unmap(ulong address, ulong length)
    {
        if (!_allocated.TryRemove(address, out nint allocated))
            return KernelError.InvalidArgument;
        NativeMemory.Free((void*)allocated);
        return 0;
    }

    /// <summary>All is accessible.</summary>
    public long Protect(ulong address, ulong length, PageAccess access) => 0;

    /// <inheritdoc/>
    public long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new) => KernelError.NotImplemented;

    /// <inheritdoc/>
    public long Advise(ulong address, ulong length, PageAdvice advice)
    {
        if (advice == PageAdvice.DontNeed)
            Clear(address, length);
        return advice is PageAdvice.DontNeed or PageAdvice.Normal ? 0 : KernelError.InvalidArgument;
    }

    /// <inheritdoc/>
    public long MovePages(ulong source, ulong destination, ulong length) => KernelError.NotImplemented;

    /// <inheritdoc/>
    public void Copy(ulong source, ulong destination, ulong length) => NativeBytes.Copy(source, destination, length);

    /// <inheritdoc/>
    public void Clear(ulong address, ulong length) => NativeBytes.Clear(address, length);

    /// <inheritdoc/>
    public void Touch(ulong address) => NativeBytes.Touch(address);

    /// <inheritdoc/>
    public bool IsZero(ulong address, ulong length) => NativeBytes.IsZero(address, length);

    /// <inheritdoc/>
    public void Read(ulong address, Span<byte> destination) => NativeBytes.Read(address, destination);

    /// <inheritdoc/>
    public void Write(ulong address, ReadOnlySpan<byte> source) => NativeBytes.Write(address, source);
}
