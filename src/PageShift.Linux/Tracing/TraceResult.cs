using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>What became of a traced command.</summary>
public sealed class TraceResult
{
    internal TraceResult()
    {
    }

    /// <summary>How the run ended.</summary>
    public TraceOutcome Outcome { get; internal init; }

    /// <summary>How the command itself ended (not its children). Default when it was not started.</summary>
    public ProcessStatus Status { get; internal init; }

    /// <summary>Why the command could not be traced.</summary>
    internal TraceFailure Failure { get; init; }

    /// <summary>The kernel's error behind <see cref="Failure"/>, or none.</summary>
    internal Errno Error { get; init; }

    /// <summary>One sentence that tells a person why the command could not be traced; null when it could.</summary>
    public string? Reason { get; internal init; }

    /// <summary>What the run has seen.</summary>
    internal TraceStatistics Statistics { get; init; } = new();
}
