using System.Collections.ObjectModel;
using PageShift.Calls.Execution;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>What a run of the fuzzer did.</summary>
public sealed record FuzzReport
{
    /// <summary>Calls that engine and kernel both made.</summary>
    public long Calls { get; init; }

    /// <summary>Sequences, each from an empty address space.</summary>
    public long Sequences { get; init; }

    /// <summary>Calls that were left out because the engine does not have them: large pages of hugetlbfs and of memory files.</summary>
    public long Unmodelled { get; init; }

    /// <summary>How often each of <see cref="KnownDifferences.All"/> was met: calls in which the engine was told what only the kernel can know, or sequences that ended where the kernel
    /// had done something of its own accord. Those that were not met are missing.</summary>
    public IReadOnlyDictionary<KnownDifference, long> Known { get; init; } = ReadOnlyDictionary<KnownDifference, long>.Empty;

    /// <summary>Differences that did not come again when the same calls were made again, and for which the kernel's counters give no reason. Not shrunk.</summary>
    public IReadOnlyList<FuzzFinding> Unexplained { get; init; } = [];

    /// <summary>How long it took, without shrinking.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The divergence that ended the run, or null.</summary>
    public FuzzFinding? Finding { get; init; }
}

/// <summary>A divergence that a run found.</summary>
/// <param name="SequenceNumber">The sequence in which it was found; with the seed it makes the sequence again.</param>
/// <param name="Sequence">The calls that show it, shrunk, with the kernel's outcomes.</param>
/// <param name="Divergence">What differs.</param>
public sealed record FuzzFinding(long SequenceNumber, CallSequence Sequence, Divergence Divergence);
