namespace PageShift.Measurement;

/// <summary>What a <see cref="SpeedRow"/> found.</summary>
/// <param name="Row">Which it was.</param>
public sealed record SpeedResult(SpeedRow Row)
{
    /// <summary>Our figure.</summary>
    public Quantity? Ours { get; init; }

    /// <summary>The other's figure; null where the target stands by itself.</summary>
    public Quantity? Other { get; init; }

    /// <summary>The two figures as the target speaks of them.</summary>
    public double? Ratio { get; init; }

    /// <summary>True when the target is reached; null when nothing could be measured.</summary>
    public bool? IsMet { get; init; }

    /// <summary>Why it could not be measured here, in one sentence; else null.</summary>
    public string? NotPossibleReason { get; init; }
}
