using PageShift.Cli.Moves;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Running;

/// <summary>One move, and what it costs under each policy.</summary>
internal sealed record MoveReport
{
    private MoveExplanation? _explanation;
    private MoveExplanation? _congruentExplanation;

    /// <summary>Which of several files the call is in; null where there is one.</summary>
    internal string? File { get; init; }

    internal required long Line { get; init; }

    internal required string Call { get; init; }

    internal required int ThreadId { get; init; }

    internal required MoveRequest Request { get; init; }

    internal required PageTableLevel Congruence { get; init; }

    /// <summary>What its explanation needs to know.</summary>
    internal required MovePlaces Places { get; init; }

    internal required IReadOnlyList<PlannedMove> Policies { get; init; }

    /// <summary>Why each policy moves what it moves.</summary>
    internal MoveExplanation Explanation => _explanation ??= new MoveExplanation(Places, Policies);

    /// <summary>What it would cost at a congruent place; null where that is no better, or not known.</summary>
    internal CongruentForecast? Congruent { get; init; }

    /// <summary>Why each policy would move there what it would; null where there is no such place.</summary>
    internal MoveExplanation? CongruentExplanation => Congruent is { } forecast
        ? _congruentExplanation ??= MoveExplanation.Of(forecast, Places)
        : null;

    /// <summary>What linux-6.7 or pageshift moves at a congruent place, where that is better, or else as it was made; null for a policy that was not asked for.</summary>
    internal PlannedMove? BestPlaced(MovePolicy policy)
    {
        PlannedMove? asMade = Policies.FirstOrDefault(p => p.Policy == policy);
        return asMade is null ? null : Congruent?.BetterThan(asMade, Congruence) ?? asMade;
    }

    /// <summary>What the running kernel did, when it was asked.</summary>
    internal KernelReport? Kernel { get; init; }

    /// <summary>The entries of the policy that moves most: what makes a move a large one.</summary>
    internal ulong MostEntries => Policies.Max(p => p.Cost.Entries);
}
