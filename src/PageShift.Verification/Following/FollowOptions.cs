using PageShift.Moving;

namespace PageShift.Verification.Following;

/// <summary>What is done to a followed program besides following it.</summary>
internal sealed record FollowOptions
{
    /// <summary>True gives the moves that leave their destination to the kernel a congruent one, where nothing but the place changes by it.</summary>
    internal bool PlacesCongruent { get; init; }

    /// <summary>Called once, when a process that runs already is followed from now on.</summary>
    internal Action? Attached { get; init; }

    /// <summary>How the running kernel moves page tables: its counters are read around each move, where that is possible, and judge the policy. Null reads none.</summary>
    internal MovePolicy? Counted { get; init; }
}
