using PageShift.Units;

namespace PageShift.PageTables;

/// <summary>A table that was freed because it became empty.</summary>
/// <param name="Level">The level of its entries.</param>
/// <param name="Start">The first address that it covered.</param>
internal readonly record struct FreedTable(PageTableLevel Level, VirtualAddress Start);
