using PageShift.PageTables;

namespace PageShift.Moving;

/// <summary>Which end of a move a boundary block stands at.</summary>
public enum MoveEnd
{
    /// <summary>The low end.</summary>
    Start,

    /// <summary>The high end.</summary>
    End,
}

/// <summary>Whether a boundary block was expanded to, and if not, why not.</summary>
public enum BoundaryOutcome
{
    /// <summary>The whole entry moves.</summary>
    Expanded,

    /// <summary>Nothing of the source is in the block: no entry has to move there.</summary>
    NothingThere,

    /// <summary>Source and destination differ modulo the level's span.</summary>
    NotCongruent,

    /// <summary>Linux expands only from the start of a mapping.</summary>
    NotAtMappingStart,

    /// <summary>Linux expands only when the move reaches the next boundary.</summary>
    TooShort,

    /// <summary>A mapping stands in the source's block (Linux's test).</summary>
    MappingInSource,

    /// <summary>A mapping stands in the destination's block (Linux's test).</summary>
    MappingInDestination,

    /// <summary>An entry that is not part of the move lives in the source's block.</summary>
    EntryInSource,

    /// <summary>An entry that will not have left lives in the destination's block.</summary>
    EntryInDestination,

    /// <summary>A large leaf reaches over the end of the move.</summary>
    LeafIsCut,
}

/// <summary>What was decided about the block of one level at one end of a move.</summary>
/// <param name="End">The end.</param>
/// <param name="Level">The level of the block: one entry of it.</param>
/// <param name="Block">The source's block: the addresses that the entry covers.</param>
/// <param name="Outcome">The decision and its reason.</param>
/// <param name="Obstacle">Where the obstacle stands, when there is one; else 0.</param>
public readonly record struct BoundaryDecision(MoveEnd End, PageTableLevel Level, AddressRange Block, BoundaryOutcome Outcome, VirtualAddress Obstacle);
