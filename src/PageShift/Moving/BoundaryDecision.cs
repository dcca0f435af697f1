using PageShift.PageTables;
using PageShift.Units;

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
public readonly record struct BoundaryDecision
{
    internal BoundaryDecision(MoveEnd end, PageTableLevel level, AddressRange block, BoundaryOutcome outcome, VirtualAddress? obstacle)
    {
        End = end;
        Level = level;
        Block = block;
        Outcome = outcome;
        Obstacle = obstacle;
    }

    /// <summary>The same decision in addresses that are 2^<paramref name="shift"/> times as large.</summary>
    internal BoundaryDecision Scaled(int shift) => new(End, Level, Block.Scaled(shift), Outcome, Obstacle is { } obstacle ? new VirtualAddress(obstacle.Value << shift) : null);

    /// <summary>The end.</summary>
    public MoveEnd End { get; }

    /// <summary>The level of the block: one entry of it.</summary>
    public PageTableLevel Level { get; }

    /// <summary>The source's block: the addresses that the entry covers.</summary>
    public AddressRange Block { get; }

    /// <summary>The decision and its reason.</summary>
    public BoundaryOutcome Outcome { get; }

    /// <summary>Where the mapping or entry stands that is in the way; null when there is none.</summary>
    public VirtualAddress? Obstacle { get; }
}
