namespace PageShift.Verification;

/// <summary>What a run of the fuzzer did.</summary>
public sealed record FuzzReport
{
    /// <summary>Calls that engine and kernel both made.</summary>
    public long Calls { get; init; }

    /// <summary>Sequences, each from an empty address space.</summary>
    public long Sequences { get; init; }

    /// <summary>Differences that did not come again when the same sequence was run again: the kernel had done something of its own accord, such as reclaiming pages.</summary>
    public long Unrepeated { get; init; }

    /// <summary>How long it took, without shrinking.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The divergence that ended the run, or null.</summary>
    public FuzzFinding? Finding { get; init; }
}

/// <summary>A divergence that a run found.</summary>
/// <param name="SequenceNumber">The sequence in which it was found; with the seed it makes the sequence again.</param>
/// <param name="Sequence">The calls that show it, shrunk, with the kernel's outcomes.</param>
/// <param name="Divergence">What differs.</param>
public sealed record FuzzFinding(long SequenceNumber, CallSequence Sequence, LockstepDivergence Divergence);
