namespace PageShift.Verification.Fuzzing;

/// <summary>The scale on which a sequence plays: what its addresses and lengths are multiples of.</summary>
internal enum FuzzTerrain
{
    /// <summary>A few pages around a boundary of tables: mappings split, merge and get in each other's way.</summary>
    Pages,

    /// <summary>Blocks of 2 MiB and pieces of them, sparsely touched: entries move at two levels.</summary>
    Blocks,

    /// <summary>Blocks of 2 MiB that ask for large pages: leaves at two levels, which calls split and make.</summary>
    LargePages,

    /// <summary>Pieces of GiB size, hardly touched: entries move at three levels.</summary>
    Giant,

    /// <summary>The kernel chooses the addresses.</summary>
    Anywhere,
}
