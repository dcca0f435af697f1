using PageShift.Calls.Execution;
using PageShift.Cli.Explaining;
using PageShift.Linux.Timing;
using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;

namespace PageShift.Cli.Tracing;

/// <summary>What following a program brought forth, apart from the single moves.</summary>
internal sealed class TraceReport(TraceSettings settings)
{
    /// <summary>The divergences that are kept with their text; more are only counted.</summary>
    internal const int MostKeptDivergences = 1000;

    /// <summary>The places that are kept apart; what more there are is added up as one.</summary>
    internal const int MostKeptSites = 10_000;

    private readonly MoveCost[] _totals = new MoveCost[MovePolicyName.All.Count];
    private readonly Dictionary<(CallSite Site, CallStack? Stack), SiteTotals> _sites = [];

    // Programs move at a few places, by turns: to look a stack up means to hash all of it.
    private SiteTotals? _last;
    private SiteTotals? _lastButOne;

    private KernelReport? _measured;

    internal TraceSettings Settings { get; } = settings;

    internal TraceResult? Result { get; set; }

    internal FollowStatistics Statistics { get; set; } = new();

    internal List<Divergence> Divergences { get; } = [];

    /// <summary>The costs of all moves together, one for each policy, oldest first; linux-6.7 and pageshift are right also where not every move was planned under every policy.</summary>
    internal IReadOnlyList<MoveCost> Totals => _totals;

    /// <summary>What all moves together would cost under linux-6.7 with congruent destinations, where there were any.</summary>
    internal MoveCost CongruentLinux { get; private set; }

    /// <summary>The same under pageshift.</summary>
    internal MoveCost CongruentPageShift { get; private set; }

    internal long CongruentMoves { get; private set; }

    internal ulong PresentPages { get; private set; }

    internal CallTime Time { get; private set; } = CallTime.Zero;

    /// <summary>What others used of the machine meanwhile; null where that is not known.</summary>
    internal OtherWork? Others { get; set; }

    /// <summary>What the kernel counted, where its counters were read.</summary>
    internal KernelTotals Kernel { get; } = new();

    /// <summary>Moves whose pages another thread may have changed between the reading and the call.</summary>
    internal long InexactMoves { get; private set; }

    /// <summary>In how many moves each thing stood in the way of a higher level.</summary>
    internal Dictionary<MoveObstacle, long> Obstacles { get; } = [];

    /// <summary>The moves by where they were made.</summary>
    internal IReadOnlyCollection<SiteTotals> Sites => _sites.Values;

    internal MoveCost Under(MovePolicy policy) => _totals[IndexOf(policy)];

    internal void Add(FollowedMove move)
    {
        foreach (PlannedMove plan in move.Plans)
            _totals[IndexOf(plan.Policy)] += plan.Cost;
        CongruentLinux += move.BestPlaced(MovePolicy.Linux67).Cost;
        CongruentPageShift += move.BestPlaced(MovePolicy.PageShift).Cost;
        CongruentMoves += move.Congruence > PageTableLevel.Pte ? 1 : 0;
        PresentPages += move.PresentPages;
        Time += CallTime.Of(move);
        if (move.Kernel is { } kernel && !ReferenceEquals(kernel, _measured)) // the moves of a call share it
            Kernel.Add(_measured = kernel);
        InexactMoves += move.IsExact ? 0 : 1;
        foreach (MoveObstacle obstacle in MoveObstacles.Of(move.Congruence, move.Under(MovePolicy.Linux67), move.Under(MovePolicy.PageShift)))
            Obstacles[obstacle] = Obstacles.GetValueOrDefault(obstacle) + 1;
        SiteFor(move.Site, move.Stack).Add(move);
    }

    internal void Add(Divergence divergence)
    {
        if (Divergences.Count < MostKeptDivergences)
            Divergences.Add(divergence);
    }

    private SiteTotals SiteFor(CallSite site, CallStack? stack)
    {
        if (_last is { } last && last.IsOf(site, stack))
            return last;
        (_last, _lastButOne) = (_lastButOne is { } before && before.IsOf(site, stack) ? before : FindSite(site, stack), _last);
        return _last;
    }

    private SiteTotals FindSite(CallSite site, CallStack? stack)
    {
        if (_sites.TryGetValue((site, stack), out SiteTotals? known))
            return known;
        (CallSite Site, CallStack? Stack) kept = _sites.Count < MostKeptSites ? (site, stack) : (new CallSite("elsewhere", null), null);
        if (!_sites.TryGetValue(kept, out known))
            _sites[kept] = known = new SiteTotals(kept.Site, kept.Stack);
        return known;
    }

    private static int IndexOf(MovePolicy policy)
    {
        int index = 0;
        while (MovePolicyName.All[index] != policy)
            index++;
        return index;
    }
}

/// <summary>The moves that were made at one place of the program, with one stack where stacks can be had.</summary>
internal sealed class SiteTotals(CallSite site, CallStack? stack)
{
    internal CallSite Site { get; } = site;

    internal CallStack? Stack { get; } = stack;

    /// <summary>True for this very site and stack; false also where an equal stack is another object.</summary>
    internal bool IsOf(CallSite site, CallStack? stack) => ReferenceEquals(Stack, stack) && Site == site;

    internal long Moves { get; private set; }

    internal long CongruentMoves { get; private set; }

    internal ulong LinuxEntries { get; private set; }

    internal ulong PageShiftEntries { get; private set; }

    /// <summary>Under pageshift with congruent destinations, where there were any.</summary>
    internal ulong CongruentEntries { get; private set; }

    internal CallTime Time { get; private set; } = CallTime.Zero;

    /// <summary>Several as one, with the first one's place.</summary>
    internal static SiteTotals Together(IEnumerable<SiteTotals> sites)
    {
        SiteTotals[] all = [.. sites];
        var sum = new SiteTotals(all[0].Site, all[0].Stack);
        foreach (SiteTotals site in all)
        {
            sum.Moves += site.Moves;
            sum.CongruentMoves += site.CongruentMoves;
            sum.LinuxEntries += site.LinuxEntries;
            sum.PageShiftEntries += site.PageShiftEntries;
            sum.CongruentEntries += site.CongruentEntries;
            sum.Time += site.Time;
        }

        return sum;
    }

    internal void Add(FollowedMove move)
    {
        Moves++;
        CongruentMoves += move.Congruence > PageTableLevel.Pte ? 1 : 0;
        LinuxEntries += move.Under(MovePolicy.Linux67).Cost.Entries;
        PageShiftEntries += move.Under(MovePolicy.PageShift).Cost.Entries;
        CongruentEntries += move.BestPlaced(MovePolicy.PageShift).Cost.Entries;
        Time += CallTime.Of(move);
    }
}
