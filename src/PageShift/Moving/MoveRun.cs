using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>A run of neighbouring slots of one level that move together.</summary>
/// <param name="Level">The level of the slots.</param>
/// <param name="Source">The address that the first (lowest) slot covers from. A multiple of the level's span.</param>
/// <param name="Destination">The address that it covers from afterwards. A multiple of the level's span.</param>
/// <param name="Slots">The slots in the run, occupied or not.</param>
/// <param name="Entries">The occupied ones: the entries that move.</param>
public readonly record struct MoveRun(PageTableLevel Level, VirtualAddress Source, VirtualAddress Destination, ulong Slots, ulong Entries);
