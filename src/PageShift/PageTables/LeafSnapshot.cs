using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>An occupied leaf or a marker as it was at one moment.</summary>
internal readonly record struct LeafSnapshot(VirtualAddress Start, PageTableLevel Level, PageTableEntry Entry);
