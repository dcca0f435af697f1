using PageShift.Units;

namespace PageShift.Translation;

/// <summary>
/// Where the lowest page tables are: what a processor's paging-structure caches are to its walk. Direct-mapped, one entry for what one such table covers (2 MiB on x86-64), so
/// that a translation which the TLB does not hold mostly takes one look here and one at the entry.
/// </summary>
/// <remarks>Belongs to one processor, like its <see cref="Tlb"/>. A table is freed or moves only together with entries of it, and so only with a flush; a flush of any part of what
/// a table covers forgets the table.</remarks>
internal sealed class TableCache
{
    internal const int EntryCount = 512;

    /// <summary>The tag of nothing: so high no block is.</summary>
    internal const ulong NoTag = ulong.MaxValue;

    private readonly int _shift;
    private bool _isEmpty;

    /// <summary>Makes an empty cache for tables that cover 2^<paramref name="shift"/> bytes each.</summary>
    internal TableCache(int shift)
    {
        _shift = shift;
        ForgetAll();
    }

    /// <summary>All entries.</summary>
    internal CachedTable[] Entries { get; } = new CachedTable[EntryCount];

    /// <summary>The entry where the table that covers <paramref name="address"/> would stand.</summary>
    internal ref CachedTable At(ulong address) => ref Entries[(int)(address >> _shift) & (EntryCount - 1)];

    /// <summary>The tag of the table that covers <paramref name="address"/>.</summary>
    internal ulong TagOf(ulong address) => address >> _shift;

    /// <summary>Remembers the table that covers <paramref name="address"/>.</summary>
    internal void Fill(ulong address, nuint table)
    {
        ref CachedTable entry = ref At(address);
        entry.Tag = TagOf(address);
        entry.Table = table;
        _isEmpty = false;
    }

    /// <summary>Forgets the tables that cover any of <paramref name="range"/>.</summary>
    internal void Forget(AddressRange range)
    {
        if (_isEmpty || range.IsEmpty)
            return;
        ulong first = range.Start.Value >> _shift;
        ulong last = (range.End.Value - 1) >> _shift;
        if (last - first >= EntryCount)
        {
            ForgetAll();
            return;
        }

        for (ulong block = first; block <= last; block++)
        {
            ref CachedTable entry = ref Entries[(int)block & (EntryCount - 1)];
            if (entry.Tag == block)
                entry.Tag = NoTag;
        }
    }

    /// <summary>The first address that the table of a tag covers.</summary>
    internal VirtualAddress StartOf(ulong tag) => new(tag << _shift);

    private void ForgetAll()
    {
        Array.Fill(Entries, new CachedTable { Tag = NoTag });
        _isEmpty = true;
    }

    /// <summary>Where one table is.</summary>
    internal struct CachedTable
    {
        /// <summary>The first address that the table covers, divided by what it covers; or <see cref="NoTag"/>.</summary>
        internal ulong Tag;

        /// <summary>Where the host keeps the table.</summary>
        internal nuint Table;
    }
}
