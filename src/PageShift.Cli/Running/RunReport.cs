using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Running;

/// <summary>What running a log brought forth, apart from the single moves.</summary>
internal sealed class RunReport(RunSettings settings)
{
    /// <summary>The divergences, and the results that are not explained, that are kept with their text; more are only counted.</summary>
    internal const int MostKept = 1000;

    private readonly MoveCost[] _totals = new MoveCost[settings.Policies.Count];

    internal RunSettings Settings { get; } = settings;

    internal List<PlacedDivergence> Divergences { get; } = [];

    internal long DivergenceCount { get; private set; }

    /// <summary>The first results that nothing in the log explains.</summary>
    internal List<UnexplainedResult> Unexplained { get; } = [];

    /// <summary>Where engine and running kernel differed: at most one place for each address space.</summary>
    internal List<PlacedDivergence> KernelDivergences { get; } = [];

    /// <summary>What the running kernel did for all moves, when it was asked.</summary>
    internal KernelTotals Kernel { get; } = new();

    /// <summary>True when something is not as it was expected.</summary>
    internal bool HasDivergence => DivergenceCount != 0 || KernelDivergences.Count != 0 || Kernel.Disagreements != 0;

    /// <summary>True when results were to be verified, and there was none that could be: no verdict.</summary>
    internal bool HasNoVerdict => Settings.Verify && Tally.Checked == 0;

    internal LogStatistics Statistics { get; set; } = new();

    /// <summary>What became of the calls.</summary>
    internal CallTally Tally { get; } = new();

    internal CallLogCounts Counts { get; set; }

    internal IReadOnlyList<CallSyntaxError> Warnings { get; set; } = [];

    /// <summary>Where the first lines are that are no calls.</summary>
    internal IReadOnlyList<LineRange> Noise { get; set; } = [];

    /// <summary>The costs of all moves together, one for each of the settings' policies.</summary>
    internal IReadOnlyList<MoveCost> Totals => _totals;

    /// <summary>The cost of all moves together under a policy; null when that was not asked for.</summary>
    internal MoveCost? Under(MovePolicy policy)
    {
        for (int i = 0; i < _totals.Length; i++)
        {
            if (Settings.Policies[i] == policy)
                return _totals[i];
        }

        return null;
    }

    /// <summary>What all moves together would cost under linux-6.7 with congruent destinations, where those are better; meaningful where both policies were asked for.</summary>
    internal MoveCost CongruentLinux { get; private set; }

    /// <summary>The same under pageshift.</summary>
    internal MoveCost CongruentPageShift { get; private set; }

    /// <summary>Moves between places that differ modulo 2 MiB: no policy can move anything but single pages.</summary>
    internal long NotCongruentMoves { get; private set; }

    internal void Add(MoveReport move)
    {
        if (move.Congruence == PageTableLevel.Pte)
            NotCongruentMoves++;
        for (int i = 0; i < _totals.Length; i++)
            _totals[i] += move.Policies[i].Cost;
        CongruentLinux += move.BestPlaced(MovePolicy.Linux67)?.Cost ?? default;
        CongruentPageShift += move.BestPlaced(MovePolicy.PageShift)?.Cost ?? default;
    }

    internal void Add(in UnexplainedResult result)
    {
        if (Unexplained.Count < MostKept)
            Unexplained.Add(result);
    }

    internal void Add(in PlacedDivergence divergence)
    {
        if (DivergenceCount++ < MostKept)
            Divergences.Add(divergence);
    }
}

/// <summary>A divergence, and which of several files it is in; null where there is one.</summary>
internal readonly record struct PlacedDivergence(string? File, Divergence Found);

/// <summary>A result of the log that nothing in it explains.</summary>
/// <param name="File">Which of several files it is in; null where there is one.</param>
/// <param name="Line">The line.</param>
/// <param name="Call">The call's name.</param>
/// <param name="Error">The error's name; for brk, which returns none, ENOMEM.</param>
/// <param name="Cause">What it may come of.</param>
internal readonly record struct UnexplainedResult(string? File, long Line, string Call, string Error, string Cause);
