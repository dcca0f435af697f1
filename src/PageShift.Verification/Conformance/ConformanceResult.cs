namespace PageShift.Verification.Conformance;

/// <summary>How one level of one case ended somewhere.</summary>
/// <param name="Case">The case's name.</param>
/// <param name="Level">One level.</param>
/// <param name="Outcome">Passed, failed, or not applicable.</param>
internal sealed record ConformanceResult(string Case, CaseLevels Level, ConformanceOutcome Outcome)
{
    /// <summary>Why it is not applicable; null otherwise.</summary>
    internal string? Reason { get; init; }

    /// <summary>Of a failure: the line of the case; null when none is to blame.</summary>
    internal string? Line { get; init; }

    /// <summary>Of a failure: the call before a look; null for none.</summary>
    internal string? After { get; init; }

    /// <summary>Of a failure: what Linux gives.</summary>
    internal string? Expected { get; init; }

    /// <summary>Of a failure: what was there.</summary>
    internal string? Found { get; init; }
}

/// <summary>The three ways in which a check ends.</summary>
internal enum ConformanceOutcome
{
    Passed,
    Failed,
    NotApplicable,
}
