namespace PageShift.Verification.Following;

/// <summary>Why a move that left its destination to the kernel was not given a congruent one.</summary>
internal enum PlacementObstacle
{
    /// <summary>The call names a place that it would like.</summary>
    NamesPlace,

    /// <summary>The source is not within one mapping.</summary>
    NotOneMapping,

    /// <summary>The mapping is locked, or of a kind that has its places chosen by other rules: a stack, System V shared memory, a device, hugetlbfs, userfaultfd.</summary>
    KindOfMapping,

    /// <summary>Other threads could not be stopped.</summary>
    NotAtStandstill,

    /// <summary>No free place is congruent.</summary>
    NoPlace,

    /// <summary>The program has a seccomp filter of its own, which would see the other arguments.</summary>
    OwnFilter,

    /// <summary>The kernel refused the place; the call was then made as the program wanted it.</summary>
    Refused,
}
