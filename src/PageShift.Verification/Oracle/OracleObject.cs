using PageShift.Mappings;

namespace PageShift.Verification.Oracle;

/// <summary>A memory object as the oracle sees it: what each of its pages holds. Spaces that descend from one another share it.</summary>
/// <param name="pages">Its length in pages; accesses beyond fault.</param>
/// <param name="initial">The stamp of a page that was never written: a file's content. Null for zeroes.</param>
internal sealed class OracleObject(ulong pages, Func<ulong, ulong>? initial = null)
{
    private readonly Dictionary<ulong, ulong> _stamps = [];

    /// <summary>The length in pages.</summary>
    internal ulong Pages => pages;

    /// <summary>The engine's object that plays its part; learnt when the two are first compared, where the engine makes it by itself.</summary>
    internal MemoryObject? Counterpart { get; set; }

    /// <summary>What page <paramref name="page"/> holds.</summary>
    internal ulong Read(ulong page) => _stamps.TryGetValue(page, out ulong stamp) ? stamp : initial?.Invoke(page) ?? 0;

    /// <summary>Fills page <paramref name="page"/>.</summary>
    internal void Write(ulong page, ulong stamp) => _stamps[page] = stamp;
}
