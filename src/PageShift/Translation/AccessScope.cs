using PageShift.Units;

namespace PageShift.Translation;

/// <summary>Accesses through one processor that share one entry of the address space's lock. While it lasts, system calls on the space wait, except that a fault inside it
/// may let one in. Dispose it on the thread that made it.</summary>
/// <remarks>The accesses are those of <see cref="VirtualProcessor"/>, with the same rules.</remarks>
public ref partial struct AccessScope : IDisposable
{
    private readonly VirtualProcessor Processor => Inside(_processor);

    /// <inheritdoc cref="VirtualProcessor.TryRead(VirtualAddress, Span{byte}, out int)"/>
    public readonly AccessFault TryRead(VirtualAddress address, Span<byte> destination, out int copied) =>
        Processor.LoadInside(address, destination, AccessKind.Read, out copied);

    /// <inheritdoc cref="VirtualProcessor.TryFetch(VirtualAddress, Span{byte}, out int)"/>
    public readonly AccessFault TryFetch(VirtualAddress address, Span<byte> destination, out int copied) =>
        Processor.LoadInside(address, destination, AccessKind.Execute, out copied);

    /// <inheritdoc cref="VirtualProcessor.TryWrite(VirtualAddress, ReadOnlySpan{byte}, out int)"/>
    public readonly AccessFault TryWrite(VirtualAddress address, ReadOnlySpan<byte> source, out int copied) =>
        Processor.StoreInside(address, source, out copied);

    /// <inheritdoc cref="VirtualProcessor.TryTouch(VirtualAddress, AccessKind)"/>
    public readonly AccessFault TryTouch(VirtualAddress address, AccessKind access) => Processor.TouchInside(address, access);

    /// <inheritdoc cref="VirtualProcessor.Read{T}(VirtualAddress)"/>
    public readonly T Read<T>(VirtualAddress address)
        where T : unmanaged
    {
        AccessFault fault = TryRead(address, out T value);
        if (fault != AccessFault.None)
            Processor.ThrowIfFaulted(fault, AccessKind.Read);
        return value;
    }

    /// <inheritdoc cref="VirtualProcessor.Write{T}(VirtualAddress, T)"/>
    public readonly void Write<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        AccessFault fault = TryWrite(address, value);
        if (fault != AccessFault.None)
            Processor.ThrowIfFaulted(fault, AccessKind.Write);
    }

    // Static, so that a scope whose methods are inlined stays in registers.
    private static VirtualProcessor Inside(VirtualProcessor? processor) => processor ?? throw new ObjectDisposedException(nameof(AccessScope));
}
