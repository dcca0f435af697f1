using PageShift.Units;

namespace PageShift.Translation;

/// <summary>
/// A software TLB: direct-mapped, one entry a page of 4 KiB whatever the size of the leaf behind it. Reads, writes and fetches have tags of their own, so that a hit
/// needs no look at permissions: a write hits only where the leaf is writable and dirty.
/// </summary>
/// <remarks>Belongs to one processor. Its processor uses it inside the mapping lock shared; others invalidate it under that lock exclusively.</remarks>
internal sealed partial class Tlb
{
    internal const int EntryCount = 256;

    /// <summary>The tag of nothing: no page starts at an odd address.</summary>
    internal const ulong NoTag = 1;

    /// <summary>A tag that matches no entry, not even an empty one.</summary>
    internal const ulong LongTag = 2;

    private readonly TlbEntry[] _entries = new TlbEntry[EntryCount];

    // All cached pages lie in [_lowest, _highest]; empty when _lowest is above _highest.
    private ulong _lowest;
    private ulong _highest;

    internal Tlb() => InvalidateAll();

    /// <summary>All entries.</summary>
    internal ReadOnlySpan<TlbEntry> Entries => _entries;

    /// <summary>Remembers a translation, in place of what stood there.</summary>
    internal void Fill(ulong page, nuint host, bool isWritable, bool isExecutable)
    {
        ref TlbEntry entry = ref At(page);
        entry.ReadTag = page;
        entry.WriteTag = isWritable ? page : NoTag;
        entry.ExecuteTag = isExecutable ? page : NoTag;
        entry.Addend = unchecked(host - (nuint)page);
        _lowest = Math.Min(_lowest, page);
        _highest = Math.Max(_highest, page);
    }

    /// <summary>Forgets the pages in <paramref name="range"/>.</summary>
    internal void Invalidate(AddressRange range)
    {
        if (range.IsEmpty || range.Start.Value > _highest || range.End.Value <= _lowest)
            return;
        ulong first = Math.Max(range.Start.PageStart.Value, _lowest);
        ulong last = Math.Min((range.End.Value - 1) & ~(PageSize.Bytes - 1), _highest);
        if ((last - first) >> PageSize.Shift >= EntryCount)
        {
            InvalidateAll();
            return;
        }

        for (ulong page = first; page <= last; page += PageSize.Bytes)
        {
            ref TlbEntry entry = ref At(page);
            if (entry.ReadTag == page)
                entry = TlbEntry.Nothing;
        }
    }

    private void InvalidateAll()
    {
        Array.Fill(_entries, TlbEntry.Nothing);
        _lowest = ulong.MaxValue;
        _highest = 0;
    }

    /// <summary>The translation of one page.</summary>
    internal struct TlbEntry
    {
        /// <summary>The page's first address when it may be read, else <see cref="NoTag"/>. A page that may be written or fetched may be read.</summary>
        internal ulong ReadTag;

        /// <summary>The page's first address when it may be written and its leaf is dirty.</summary>
        internal ulong WriteTag;

        /// <summary>The page's first address when it may be executed.</summary>
        internal ulong ExecuteTag;

        /// <summary>What is added to a virtual address of the page, modulo 2^64, for where the host keeps that byte.</summary>
        internal nuint Addend;

        internal static TlbEntry Nothing => new() { ReadTag = NoTag, WriteTag = NoTag, ExecuteTag = NoTag };
    }
}
