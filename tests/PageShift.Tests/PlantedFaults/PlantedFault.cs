namespace PageShift.Tests.PlantedFaults;

/// <summary>A fault that a mover could have: what is wrong, and where in the engine's sources it is put in.</summary>
/// <param name="Name">What the mover does, as a sentence about it goes on.</param>
/// <param name="File">The file, below src/PageShift.</param>
/// <param name="Sound">The text of the engine, which stands there once.</param>
/// <param name="Faulty">What takes its place; <c>FAULT</c> stands for a condition that is true when this fault is chosen.</param>
public sealed record PlantedFault(string Name, string File, string Sound, string Faulty)
{
    /// <summary>All of them.</summary>
    internal static IReadOnlyList<PlantedFault> All { get; } =
    [
        new(
            "forgets the flush",
            "AddressSpaces/TableMoves.cs",
            "if (work.Entries != 0)\n            _processors.Flush",
            "if (work.Entries != 0 && !FAULT)\n            _processors.Flush"),
        new(
            "moves in the wrong order on overlap",
            "Moving/MovePlan.cs",
            "internal bool IsDescending => _request.New > _request.Old && Policy == MovePolicy.PageShift;",
            "internal bool IsDescending => (_request.New > _request.Old) != FAULT && Policy == MovePolicy.PageShift;"),
        new(
            "loses a live count",
            "Moving/PageTableMover.cs",
            "_memory.AddLiveEntries(destination, live);",
            "_memory.AddLiveEntries(destination, FAULT && live > 1 ? live - 1 : live);"),
        new(
            "expands over a neighbour below the start",
            "Moving/ExpandedPlanner.cs",
            "else if (startsHere && LivesBelowStart(",
            "else if (!FAULT && startsHere && LivesBelowStart("),
        new(
            "expands over a neighbour above the end",
            "Moving/ExpandedPlanner.cs",
            "else if (endsHere && LivesAboveEnd(",
            "else if (!FAULT && endsHere && LivesAboveEnd("),
        new(
            "expands onto a neighbour of the destination",
            "Moving/ExpandedPlanner.cs",
            "else if (StaysInDestination(",
            "else if (!FAULT && StaysInDestination("),
        new(
            "never expands",
            "Moving/ExpandedPlanner.cs",
            "bool endsHere = _end > block && _end < blockEnd;\n        if (!startsHere && !endsHere)\n            return true;",
            "bool endsHere = _end > block && _end < blockEnd;\n        if (!startsHere && !endsHere)\n            return true;\n        if (FAULT)\n            return false;"),
        new(
            "leaves an empty table",
            "Moving/PageTableMover.cs",
            "if (from.Level != level || level == _geometry.Root || from.LiveEntries != 0)",
            "if (FAULT || from.Level != level || level == _geometry.Root || from.LiveEntries != 0)"),
        new(
            "drops the accessed bit of an entry",
            "PageTables/PageTableTree.Unsafe.cs",
            "to[i] = from[i];",
            "to[i] = FAULT ? from[i].Without(PageTableEntry.AccessedBit) : from[i];"),
        new(
            "leaves the last entry of a run behind",
            "PageTables/PageTableTree.Unsafe.cs",
            "for (; i < from.Length; i++)",
            "for (; i < (FAULT && from.Length > 1 ? from.Length - 1 : from.Length); i++)"),
        new(
            "moves an entry and leaves it where it was too",
            "PageTables/PageTableTree.Unsafe.cs",
            "from[i] = PageTableEntry.None;",
            "if (!FAULT)\n                from[i] = PageTableEntry.None;"),
        new(
            "frees a table twice",
            "Moving/PageTableMover.cs",
            "_memory.FreeTable(table);",
            "_memory.FreeTable(table);\n        if (FAULT)\n            _memory.FreeTable(table);"),
        new(
            "frees a table that is still linked",
            "Moving/PageTableMover.cs",
            "_reserve.Return(from.Detach().TakeTable());",
            "_reserve.Return(FAULT ? from.Entry.Frame : from.Detach().TakeTable());"),
        new(
            "counts a table that it did not make",
            "Moving/PageTableMover.cs",
            "to.Enter(_reserve.Take());",
            "to.Enter(_reserve.Take());\n            _work.TablesAllocated += FAULT ? 1UL : 0;"),
        new(
            "splits a large leaf into the wrong pages",
            "PageTables/PageTableTree.Split.cs",
            "ulong step = Geometry.FramesPerLeaf(below) << PageSize.Shift;",
            "ulong step = FAULT ? 0 : Geometry.FramesPerLeaf(below) << PageSize.Shift;"),
    ];

    public override string ToString() => Name;
}
