namespace PageShift.Moving;

/// <summary>What a release of Linux may do when it moves page tables. Source: LINUX-MM section 7.</summary>
/// <param name="MovesPmds">Moves PMD entries that point to tables; without it only large pages move as one.</param>
/// <param name="MovesPuds">Moves PUD entries that point to tables.</param>
/// <param name="ExpandsStart">Expands the start of a move down to a PMD boundary.</param>
internal readonly record struct LinuxRelease(bool MovesPmds, bool MovesPuds, bool ExpandsStart)
{
    /// <summary>The release that <paramref name="policy"/> is named after.</summary>
    internal static LinuxRelease Of(MovePolicy policy) => policy switch
    {
        MovePolicy.Linux420 => new(MovesPmds: false, MovesPuds: false, ExpandsStart: false),
        MovePolicy.Linux50 => new(MovesPmds: true, MovesPuds: false, ExpandsStart: false),
        MovePolicy.Linux511 => new(MovesPmds: true, MovesPuds: true, ExpandsStart: false),
        MovePolicy.Linux67 => new(MovesPmds: true, MovesPuds: true, ExpandsStart: true),
        _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "Not a policy of Linux."),
    };
}
