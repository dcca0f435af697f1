using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Cli.Explaining;

/// <summary>What <c>explain</c> was asked for.</summary>
internal sealed record ExplainSettings
{
    internal required IReadOnlyList<MovePolicy> Policies { get; init; }

    /// <summary>The policy that makes the moves, and whose plan and tables are shown.</summary>
    internal required MovePolicy Executing { get; init; }

    internal required PopulateAssumption Populate { get; init; }
}

/// <summary>A move that is described by options.</summary>
/// <param name="Old">Where it begins.</param>
/// <param name="New">Where it goes.</param>
/// <param name="Length">How many bytes: whole pages.</param>
/// <param name="IsStackMove">True for execve's move of the stack.</param>
/// <param name="Before">Calls that are made before it, in the log's language.</param>
internal sealed record DescribedMove(VirtualAddress Old, VirtualAddress New, ByteLength Length, bool IsStackMove, IReadOnlyList<string> Before)
{
    internal AddressRange Source => new(Old, Length);
}

/// <summary>A call of a log.</summary>
/// <param name="File">The log.</param>
/// <param name="Line">The line, from 1.</param>
internal sealed record LogPlace(string File, long Line)
{
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>What is said about a call.</summary>
/// <param name="Populate">Which pages were taken to be present, unless the log says it.</param>
/// <param name="Statistics">What the calls up to it brought forth.</param>
/// <param name="Moves">Its moves, at least one.</param>
internal sealed record Explanation(PopulateAssumption Populate, LogStatistics Statistics, IReadOnlyList<ExplainedMove> Moves);
