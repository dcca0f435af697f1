namespace PageShift.Verification.Following;

/// <summary>What is done to a followed program besides following it.</summary>
internal sealed record FollowOptions
{
    /// <summary>True gives the moves that leave their destination to the kernel a congruent one, where nothing but the place changes by it.</summary>
    internal bool PlacesCongruent { get; init; }

    /// <summary>Called once, when a process that runs already is followed from now on.</summary>
    internal Action? Attached { get; init; }

    /// <summary>True reads the kernel's counters around each move, where that is possible.</summary>
    internal bool CountsKernel { get; init; }
}
