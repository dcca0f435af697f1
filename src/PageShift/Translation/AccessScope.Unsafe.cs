using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Translation;

/// <content>What a scope does without its processor: hits. It looks at the processor's caches by references of its own, so that a loop of accesses keeps them in registers. They point
/// to arrays that live as long as the processor; once the scope has ended they point to arrays of nothing.</content>
public ref partial struct AccessScope
{
    private static readonly Tlb.TlbEntry[] NoTranslations = MakeNothing(Tlb.EntryCount, Tlb.TlbEntry.Nothing);
    private static readonly TableCache.CachedTable[] NoTables = MakeNothing(TableCache.EntryCount, new TableCache.CachedTable { Tag = TableCache.NoTag });

    private VirtualProcessor? _processor;
    private ref Tlb.TlbEntry _translations;
    private ref TableCache.CachedTable _tables;
    private readonly int _tableShift;
    private readonly int _indexMask;

    internal AccessScope(VirtualProcessor processor, Tlb tlb, TableCache tables, PagingGeometry geometry)
    {
        _processor = processor;
        _translations = ref tlb.First;
        _tables = ref MemoryMarshal.GetArrayDataReference(tables.Entries);
        _tableShift = geometry.SpanShift(PageTableLevel.Pmd);
        _indexMask = geometry.EntriesPerTable - 1;
    }

    /// <summary>Ends the scope.</summary>
    public void Dispose()
    {
        _processor?.Exit();
        _processor = null;
        _translations = ref MemoryMarshal.GetArrayDataReference(NoTranslations);
        _tables = ref MemoryMarshal.GetArrayDataReference(NoTables);
    }

    /// <inheritdoc cref="VirtualProcessor.TryRead{T}(VirtualAddress, out T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe AccessFault TryRead<T>(VirtualAddress address, out T value)
        where T : unmanaged
    {
        ref Tlb.TlbEntry entry = ref Tlb.At(ref _translations, address.Value);
        if (entry.ReadTag != VirtualProcessor.PageOfLastByte<T>(address))
        {
            AccessFault fault = Inside(_processor).ReadSlowly(address, out T slowlyRead); // a local of its own, so that the caller's value may stay in a register
            value = slowlyRead;
            return fault;
        }

        value = Unsafe.ReadUnaligned<T>((byte*)unchecked(entry.Addend + (nuint)address.Value)); // the value ends within the page
        return AccessFault.None;
    }

    /// <inheritdoc cref="VirtualProcessor.TryWrite{T}(VirtualAddress, T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe AccessFault TryWrite<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        ref Tlb.TlbEntry entry = ref Tlb.At(ref _translations, address.Value);
        if (entry.WriteTag != VirtualProcessor.PageOfLastByte<T>(address))
            return Inside(_processor).WriteSlowly(address, value);
        Unsafe.WriteUnaligned((byte*)unchecked(entry.Addend + (nuint)address.Value), value); // the value ends within the page
        return AccessFault.None;
    }

    /// <inheritdoc cref="VirtualProcessor.TryTranslate(VirtualAddress, AccessKind, out ulong)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly unsafe AccessFault TryTranslate(VirtualAddress address, AccessKind access, out ulong physical)
    {
        ulong block = address.Value >> _tableShift;
        ref TableCache.CachedTable table = ref Unsafe.Add(ref _tables, (nint)(block & (TableCache.EntryCount - 1))); // masked to the array's fixed length
        if (table.Tag == block)
        {
            // A cached table is one of the space's, and its frame stays while the scope lasts.
            var leaf = new PageTableEntry(Volatile.Read(ref ((ulong*)table.Table)[(int)(address.Value >> PageSize.Shift) & _indexMask]));
            if (leaf.LetsThrough(access))
            {
                physical = (leaf.Value & PageTableEntry.FrameMask) | (address.OffsetInPage);
                return AccessFault.None;
            }
        }

        AccessFault fault = Inside(_processor).TranslateInside(address, access, out ulong slowlyFound); // likewise
        physical = slowlyFound;
        return fault;
    }

    private static T[] MakeNothing<T>(int count, T nothing)
    {
        var array = new T[count];
        Array.Fill(array, nothing);
        return array;
    }
}
