using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>What became of a traced command.</summary>
public sealed record TraceResult
{
    /// <summary>How the run ended.</summary>
    public required TraceOutcome Outcome { get; init; }

    /// <summary>How the command itself ended (not its children). Default when it was not started.</summary>
    public ProcessStatus Status { get; init; }

    /// <summary>Why the command could not be traced.</summary>
    public TraceFailure Failure { get; init; }

    /// <summary>The kernel's error behind <see cref="Failure"/>, or none.</summary>
    public Errno Error { get; init; }

    /// <summary>One sentence that tells a person why the command could not be traced; null when it could.</summary>
    public string? Reason { get; init; }

    /// <summary>What the run has seen.</summary>
    public required TraceStatistics Statistics { get; init; }
}
