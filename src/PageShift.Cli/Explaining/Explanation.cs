using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Running;
using PageShift.Units;

namespace PageShift.Cli.Explaining;

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
/// <param name="Settings">How the log was read: which pages were taken to be present, unless the log says it.</param>
/// <param name="Statistics">What the calls up to it did.</param>
/// <param name="Counts">What the log held up to it beside calls.</param>
/// <param name="Warnings">The first calls that could not be read.</param>
/// <param name="Noise">Where the first lines are that are no calls.</param>
/// <param name="Moves">Its moves, at least one.</param>
internal sealed record Explanation(
    LogSettings Settings, LogStatistics Statistics, CallLogCounts Counts, IReadOnlyList<CallSyntaxError> Warnings, IReadOnlyList<LineRange> Noise, IReadOnlyList<ExplainedMove> Moves);
