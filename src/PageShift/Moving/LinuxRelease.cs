namespace PageShift.Moving;

/// <summary>What a release of Linux may do when it moves page tables. Source: LINUX-MM section 7.</summary>
/// <param name="MovesPmds">Moves PMD entries that point to tables; without it only large pages move as one.</param>
/// <param name="MovesPuds">Moves PUD entries that point to tables.</param>
/// <param name="ExpandsStart">Expands the start of a move down to a PMD boundary.</param>
/// <param name="GathersTables">Flushes for each bundle of freed tables, not once for all.</param>
internal readonly record struct LinuxRelease(bool MovesPmds, bool MovesPuds, bool ExpandsStart, bool GathersTables)
{
    /// <summary>The release that <paramref name="policy"/> is named after, on a processor. The newest policy stands for the releases up to today's, some of which gather tables
    /// (<paramref name="gathersTables"/>).</summary>
    internal static LinuxRelease Of(MovePolicy policy, TableMoveSupport support, bool gathersTables) => policy <= MovePolicy.Linux67
        ? new(MovesPmds: policy >= support.Pmds, MovesPuds: policy >= support.Puds, ExpandsStart: policy >= MovePolicy.Linux67, GathersTables: gathersTables && policy >= MovePolicy.Linux67)
        : throw new ArgumentOutOfRangeException(nameof(policy), policy, "Not a policy of Linux.");
}
