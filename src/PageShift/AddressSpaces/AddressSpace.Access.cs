using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    private readonly Lock _directLock = new();

    // Guarded by _directLock, which is taken outside all other locks.
    private VirtualProcessor? _direct;

    /// <summary>What brings in the pages that processors miss.</summary>
    internal IFaultResolver Faults => _faults;

    /// <summary>Makes a processor that accesses this space. Dispose it when it is no longer used.</summary>
    public VirtualProcessor CreateProcessor()
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        var processor = new VirtualProcessor(_faults, _tables, _lock, RemoveProcessor);
        _processors.Add(processor);
        return processor;
    }

    /// <inheritdoc cref="VirtualProcessor.Read{T}(VirtualAddress)"/>
    /// <remarks>Through one processor that all callers of the space share, one after another; for speed use a <see cref="VirtualProcessor"/>.</remarks>
    public T Read<T>(VirtualAddress address)
        where T : unmanaged
    {
        lock (_directLock)
            return Direct().Read<T>(address);
    }

    /// <inheritdoc cref="VirtualProcessor.Write{T}(VirtualAddress, T)"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public void Write<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        lock (_directLock)
            Direct().Write(address, value);
    }

    /// <inheritdoc cref="VirtualProcessor.Read(VirtualAddress, Span{byte})"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public void Read(VirtualAddress address, Span<byte> destination)
    {
        lock (_directLock)
            Direct().Read(address, destination);
    }

    /// <inheritdoc cref="VirtualProcessor.Write(VirtualAddress, ReadOnlySpan{byte})"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public void Write(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        lock (_directLock)
            Direct().Write(address, source);
    }

    /// <inheritdoc cref="VirtualProcessor.TryWrite(VirtualAddress, ReadOnlySpan{byte}, out int)"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public AccessFault TryWrite(VirtualAddress address, ReadOnlySpan<byte> source, out int copied)
    {
        lock (_directLock)
            return Direct().TryWrite(address, source, out copied);
    }

    /// <inheritdoc cref="VirtualProcessor.TryRead(VirtualAddress, Span{byte}, out int)"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public AccessFault TryRead(VirtualAddress address, Span<byte> destination, out int copied)
    {
        lock (_directLock)
            return Direct().TryRead(address, destination, out copied);
    }

    /// <inheritdoc cref="VirtualProcessor.Fill(AddressRange, byte)"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public void Fill(AddressRange range, byte value)
    {
        lock (_directLock)
            Direct().Fill(range, value);
    }

    /// <inheritdoc cref="VirtualProcessor.TryTouch(AddressRange, AccessKind)"/>
    /// <inheritdoc cref="Read{T}(VirtualAddress)" path="/remarks"/>
    public AccessFault TryTouch(AddressRange range, AccessKind access)
    {
        lock (_directLock)
            return Direct().TryTouch(range, access);
    }

    private VirtualProcessor Direct() => _direct ??= CreateProcessor();

    private void RemoveProcessor(VirtualProcessor processor)
    {
        using MappingLock.ExclusiveScope scope = _lock.EnterExclusive();
        _processors.Remove(processor);
    }
}
