namespace PageShift.Verification;

/// <summary>What a run of the fuzzer did.</summary>
public sealed record FuzzReport
{
    /// <summary>Calls that engine and kernel both made.</summary>
    public long Calls { get; init; }

    /// <summary>Sequences, each from an empty address space.</summary>
    public long Sequences { get; init; }

    /// <summary>Sequences that ended early because the two sides parted in a known way: <see cref="KnownDifferences.LargePagesWhereAskedFor"/>.</summary>
    public long EndedAtKnownDifference { get; init; }

    /// <summary>Differences that did not come again when the same sequence was run again: see
    /// <see cref="KnownDifferences.MemoryShortage"/>.</summary>
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
