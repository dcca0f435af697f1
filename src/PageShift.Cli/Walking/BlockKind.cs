namespace PageShift.Cli.Walking;

/// <summary>What lives in a block that has a page, which decides whether its entry can move whole to a congruent place.</summary>
internal enum BlockKind
{
    /// <summary>One large page: its entry moves, and there is no table below.</summary>
    Huge,

    /// <summary>Pages of one mapping, which covers the block.</summary>
    Inside,

    /// <summary>Pages of one mapping, which begins or ends in the block; no other reaches into it.</summary>
    Alone,

    /// <summary>Pages of one mapping, which begins or ends in the block, beside mappings without a page in it.</summary>
    EmptyNeighbours,

    /// <summary>Pages of several mappings: they are moved one by one.</summary>
    Shared,
}
