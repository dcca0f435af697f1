using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Running;

/// <summary>What running a log brought forth.</summary>
internal sealed class RunReport(RunSettings settings)
{
    /// <summary>The divergences that are kept with their text; more are only counted.</summary>
    internal const int MostKeptDivergences = 1000;

    internal RunSettings Settings { get; } = settings;

    internal List<MoveReport> Moves { get; } = [];

    internal List<Divergence> Divergences { get; } = [];

    internal long DivergenceCount { get; set; }

    internal LogStatistics Statistics { get; set; } = new();

    internal CallLogCounts Counts { get; set; }

    internal IReadOnlyList<CallSyntaxError> Warnings { get; set; } = [];
}

/// <summary>One move, and what it costs under each policy.</summary>
internal sealed record MoveReport
{
    internal required long Line { get; init; }

    internal required string Call { get; init; }

    internal required int ThreadId { get; init; }

    internal required MoveRequest Request { get; init; }

    internal required PageTableLevel Congruence { get; init; }

    internal required IReadOnlyList<PolicyReport> Policies { get; init; }
}

/// <summary>What one move costs under one policy, and why.</summary>
internal sealed record PolicyReport(MovePolicy Policy, MoveCost Cost, AddressRange ExpandedSource, IReadOnlyList<BoundaryDecision> Boundaries);
