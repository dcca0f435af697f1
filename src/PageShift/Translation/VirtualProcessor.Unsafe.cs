using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Translation;

/// <summary>Accesses to content. Every pointer here comes from a TLB entry that was filled from a live leaf, and is used only while the mapping lock is held shared: nobody
/// can take the frame away meanwhile, and no access reaches past the end of its page.</summary>
public sealed unsafe partial class VirtualProcessor
{
    /// <summary>Reads a value. On a fault <paramref name="value"/> is zero.</summary>
    /// <param name="address">Any address; it need not be aligned.</param>
    /// <param name="value">The value.</param>
    public AccessFault TryRead<T>(VirtualAddress address, out T value)
        where T : unmanaged
    {
        Enter();
        try
        {
            return ReadInside(address, out value);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Writes a value. On a fault nothing is written.</summary>
    public AccessFault TryWrite<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        Enter();
        try
        {
            return WriteInside(address, value);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies memory to <paramref name="destination"/>. On a fault the bytes below the page that faulted, <paramref name="copied"/> of them, are copied.</summary>
    public AccessFault TryRead(VirtualAddress address, Span<byte> destination, out int copied)
    {
        Enter();
        try
        {
            return LoadInside(address, destination, AccessKind.Read, out copied);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies <paramref name="source"/> to memory. On a fault the bytes below the page that faulted, <paramref name="copied"/> of them, are written.</summary>
    public AccessFault TryWrite(VirtualAddress address, ReadOnlySpan<byte> source, out int copied)
    {
        Enter();
        try
        {
            return StoreInside(address, source, out copied);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Copies instructions to <paramref name="destination"/>: as <see cref="TryRead(VirtualAddress, Span{byte}, out int)"/>, but the pages must be
    /// executable.</summary>
    public AccessFault TryFetch(VirtualAddress address, Span<byte> destination, out int copied)
    {
        Enter();
        try
        {
            return LoadInside(address, destination, AccessKind.Execute, out copied);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Writes <paramref name="value"/> to every byte of <paramref name="range"/>. On a fault the <paramref name="filled"/> bytes below the page that faulted are
    /// written.</summary>
    public AccessFault TryFill(AddressRange range, byte value, out ulong filled)
    {
        filled = 0;
        while (filled < range.Length.Value)
        {
            var at = new VirtualAddress(range.Start.Value + filled);
            int chunk = (int)Math.Min(range.Length.Value - filled, PageSize.Bytes - (at.OffsetInPage));
            Enter();
            try
            {
                AccessFault fault = Translate(at, AccessKind.Write, out byte* host);
                if (fault != AccessFault.None)
                    return fault;
                new Span<byte>(host, chunk).Fill(value);
            }
            finally
            {
                Exit();
            }

            filled += (ulong)chunk;
        }

        return AccessFault.None;
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="MemoryAccessException">The access faulted.</exception>
    public T Read<T>(VirtualAddress address)
        where T : unmanaged
    {
        ThrowIfFaulted(TryRead(address, out T value), AccessKind.Read);
        return value;
    }

    /// <summary>Writes a value.</summary>
    /// <exception cref="MemoryAccessException">The access faulted; nothing is written.</exception>
    public void Write<T>(VirtualAddress address, T value)
        where T : unmanaged =>
        ThrowIfFaulted(TryWrite(address, value), AccessKind.Write);

    /// <summary>Copies memory to <paramref name="destination"/>.</summary>
    /// <exception cref="MemoryAccessException">The access faulted; the bytes below the page that faulted are copied.</exception>
    public void Read(VirtualAddress address, Span<byte> destination) =>
        ThrowIfFaulted(TryRead(address, destination, out _), AccessKind.Read);

    /// <summary>Copies <paramref name="source"/> to memory.</summary>
    /// <exception cref="MemoryAccessException">The access faulted; the bytes below the page that faulted are written.</exception>
    public void Write(VirtualAddress address, ReadOnlySpan<byte> source) =>
        ThrowIfFaulted(TryWrite(address, source, out _), AccessKind.Write);

    /// <summary>Writes <paramref name="value"/> to every byte of <paramref name="range"/>.</summary>
    /// <exception cref="MemoryAccessException">The access faulted; the bytes below the page that faulted are written.</exception>
    public void Fill(AddressRange range, byte value) => ThrowIfFaulted(TryFill(range, value, out _), AccessKind.Write);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal AccessFault ReadInside<T>(VirtualAddress address, out T value)
        where T : unmanaged
    {
        ref Tlb.TlbEntry entry = ref _tlb.At(address.Value);
        if (entry.ReadTag == PageOfLastByte<T>(address))
        {
            value = Unsafe.ReadUnaligned<T>((byte*)unchecked(entry.Addend + (nuint)address.Value)); // the value ends within the page
            return AccessFault.None;
        }

        return ReadSlowly(address, out value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal AccessFault WriteInside<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        ref Tlb.TlbEntry entry = ref _tlb.At(address.Value);
        if (entry.WriteTag == PageOfLastByte<T>(address))
        {
            Unsafe.WriteUnaligned((byte*)unchecked(entry.Addend + (nuint)address.Value), value); // the value ends within the page
            return AccessFault.None;
        }

        return WriteSlowly(address, value);
    }

    internal AccessFault LoadInside(VirtualAddress address, Span<byte> destination, AccessKind access, out int copied)
    {
        copied = 0;
        while (copied < destination.Length)
        {
            VirtualAddress at = Advance(address, copied);
            int chunk = Math.Min(destination.Length - copied, BytesToPageEnd(at));
            AccessFault fault = Translate(at, access, out byte* host);
            if (fault != AccessFault.None)
                return fault;
            new ReadOnlySpan<byte>(host, chunk).CopyTo(destination[copied..]);
            copied += chunk;
        }

        return AccessFault.None;
    }

    internal AccessFault StoreInside(VirtualAddress address, ReadOnlySpan<byte> source, out int copied)
    {
        copied = 0;
        while (copied < source.Length)
        {
            VirtualAddress at = Advance(address, copied);
            int chunk = Math.Min(source.Length - copied, BytesToPageEnd(at));
            AccessFault fault = Translate(at, AccessKind.Write, out byte* host);
            if (fault != AccessFault.None)
                return fault;
            source.Slice(copied, chunk).CopyTo(new Span<byte>(host, chunk));
            copied += chunk;
        }

        return AccessFault.None;
    }

    /// <summary>The page in which a value ends. When it ends in another page than it begins in, that page has another entry in the TLB, so that one comparison tells both whether
    /// the page is cached and whether the value lies in it. For a value longer than a page it is no page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong PageOfLastByte<T>(VirtualAddress address)
        where T : unmanaged =>
        (ulong)sizeof(T) <= PageSize.Bytes
            ? unchecked(address.Value + (ulong)(sizeof(T) - 1)) & ~(PageSize.Bytes - 1)
            : Tlb.LongTag;

    internal AccessFault ReadSlowly<T>(VirtualAddress address, out T value)
        where T : unmanaged
    {
        value = default;
        AccessFault fault = LoadAtOnce(address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
        if (fault != AccessFault.None)
            value = default;
        return fault;
    }

    private AccessFault LoadAtOnce(VirtualAddress address, Span<byte> value)
    {
        AccessFault fault = Prepare(address, value.Length, AccessKind.Read);
        return fault != AccessFault.None ? fault : LoadInside(address, value, AccessKind.Read, out _);
    }

    internal AccessFault WriteSlowly<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        AccessFault fault = Prepare(address, sizeof(T), AccessKind.Write);
        return fault != AccessFault.None ? fault : StoreInside(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(ref value)), out _);
    }

    /// <summary>Makes sure that all pages of an access are there at one time, so that what follows can't fault.</summary>
    private AccessFault Prepare(VirtualAddress address, int length, AccessKind access)
    {
        ThrowIfBytesFree();
        int releases;
        do
        {
            releases = _reader.Releases;
            for (int done = 0; done < length; done += BytesToPageEnd(Advance(address, done)))
            {
                AccessFault fault = Walk(Advance(address, done), access, out _, out _);
                if (fault != AccessFault.None)
                    return fault;
            }
        }
        while (releases != _reader.Releases);
        return AccessFault.None;
    }

    /// <summary>Finds the host's address of a byte, from the TLB or else by a walk that fills it.</summary>
    private AccessFault Translate(VirtualAddress address, AccessKind access, out byte* host)
    {
        ulong offset = address.OffsetInPage;
        ulong page = address.Value - offset;
        ref Tlb.TlbEntry entry = ref _tlb.At(page);
        ulong tag = access switch
        {
            AccessKind.Read => entry.ReadTag,
            AccessKind.Write => entry.WriteTag,
            _ => entry.ExecuteTag,
        };
        if (tag != page)
        {
            ThrowIfBytesFree();
            AccessFault fault = Walk(address, access, out PageTableEntry leaf, out PageTableLevel level);
            if (fault != AccessFault.None)
            {
                host = null;
                return fault;
            }

            byte* frame = (byte*)_memory.HostAddress(leaf.Frame + address.OffsetIn(_tables.Geometry.Span(level)).WholePages);
            if (leaf.IsExecuteOnly)
            {
                host = frame + offset; // not remembered: what is in the TLB may be read
                return AccessFault.None;
            }

            _tlb.Fill(page, (nuint)frame, leaf.IsWritable && leaf.IsDirty, !leaf.IsNoExecute);
        }

        host = (byte*)unchecked(entry.Addend + (nuint)address.Value);
        return AccessFault.None;
    }

    /// <summary>Finds the leaf of an access that its bits let through, and that has the accessed and dirty bits it needs, in a table that is cached.</summary>
    private bool TryFindCached(VirtualAddress address, AccessKind access, out PageTableEntry leaf)
    {
        ref TableCache.CachedTable table = ref _cachedTables.At(address.Value);
        leaf = PageTableEntry.None;
        if (table.Tag != _cachedTables.TagOf(address.Value))
            return false;
        int index = _tables.Geometry.Index(address, PageTableLevel.Pte);
        leaf = new PageTableEntry(Volatile.Read(ref ((ulong*)table.Table)[index])); // a cached table is one of the space's, and its frame stays while the lock is held
        return leaf.LetsThrough(access);
    }

    private void ThrowIfBytesFree()
    {
        if (_memory.IsBytesFree)
            throw new InvalidOperationException("This memory has frames without content; pages can be touched, not read or written.");
    }

    private static int BytesToPageEnd(VirtualAddress address) => (int)(PageSize.Bytes - (address.OffsetInPage));

    private static VirtualAddress Advance(VirtualAddress address, int bytes) => new(unchecked(address.Value + (ulong)bytes));
}
