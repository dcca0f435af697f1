using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Running;

/// <summary>What running a log brought forth, apart from the single moves.</summary>
internal sealed class RunReport(RunSettings settings)
{
    /// <summary>The divergences that are kept with their text; more are only counted.</summary>
    internal const int MostKeptDivergences = 1000;

    private readonly MoveCost[] _totals = new MoveCost[settings.Policies.Count];

    internal RunSettings Settings { get; } = settings;

    internal List<Divergence> Divergences { get; } = [];

    internal long DivergenceCount { get; private set; }

    internal LogStatistics Statistics { get; set; } = new();

    internal CallLogCounts Counts { get; set; }

    internal IReadOnlyList<CallSyntaxError> Warnings { get; set; } = [];

    /// <summary>The costs of all moves together, one for each of the settings' policies.</summary>
    internal IReadOnlyList<MoveCost> Totals => _totals;

    /// <summary>Moves between places that differ modulo 2 MiB: no policy can move anything but single pages.</summary>
    internal long NotCongruentMoves { get; private set; }

    internal void Add(MoveReport move)
    {
        if (move.Congruence == PageTableLevel.Pte)
            NotCongruentMoves++;
        for (int i = 0; i < _totals.Length; i++)
            _totals[i] = Sum(_totals[i], move.Policies[i].Cost);
    }

    internal void Add(in Divergence divergence)
    {
        if (DivergenceCount++ < MostKeptDivergences)
            Divergences.Add(divergence);
    }

    private static MoveCost Sum(in MoveCost left, in MoveCost right) => new()
    {
        Pgd = left.Pgd + right.Pgd,
        P4d = left.P4d + right.P4d,
        Pud = left.Pud + right.Pud,
        Pmd = left.Pmd + right.Pmd,
        Pte = left.Pte + right.Pte,
        SlotsVisited = left.SlotsVisited + right.SlotsVisited,
        SlotsInspected = left.SlotsInspected + right.SlotsInspected,
        TablesAllocated = left.TablesAllocated + right.TablesAllocated,
        TablesFreed = left.TablesFreed + right.TablesFreed,
        TlbFlushes = left.TlbFlushes + right.TlbFlushes,
        TableBytes = left.TableBytes + right.TableBytes,
        Warned = left.Warned || right.Warned,
    };
}
