using PageShift.Linux.Tracing;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Verification.Following;

/// <summary>A move that a followed program's mremap made, with what it costs under each policy, planned on the pages that were present.</summary>
public sealed record FollowedMove
{
    /// <summary>The process.</summary>
    public required int ProcessId { get; init; }

    /// <summary>The thread that made the call.</summary>
    public required int ThreadId { get; init; }

    /// <summary>The call and its result.</summary>
    public required CallExit Exit { get; init; }

    /// <summary>The call and its result, as strace would show it.</summary>
    public string Call => FollowLog.TextOf(Exit);

    /// <summary>Where it was made.</summary>
    public required CallSite Site { get; init; }

    /// <summary>The calls that led there; null where no library that unwinds stacks (libdw) is installed, or where it found nothing.</summary>
    public CallStack? Stack { get; init; }

    /// <summary>Nanoseconds in the call, with two changes of context on top (see <see cref="FollowStatistics.BaselineNanoseconds"/>). A call that moves several mappings has its
    /// time with the first of them, and 0 with the others.</summary>
    public required long ElapsedNanoseconds { get; init; }

    /// <summary>Nanoseconds of processor time in the call, with the thread's part of the stops (see <see cref="FollowStatistics.BaselineProcessorNanoseconds"/>), and 0 as above; null where the
    /// kernel did not tell.</summary>
    public required long? ProcessorNanoseconds { get; init; }

    /// <summary>True when nothing else ran in the address space from the reading of its pages until the call had returned: the pages are exactly those that moved.</summary>
    public required bool IsExact { get; init; }

    /// <summary>True when the program had left the destination to the kernel, and was given a congruent one.</summary>
    internal bool IsPlaced { get; init; }

    /// <summary>Pages of the source that were present, or otherwise occupied (swapped out, guard pages).</summary>
    public required ulong PresentPages { get; init; }

    /// <summary>What moved, and the mappings around it.</summary>
    public required MoveRequest Request { get; init; }

    /// <summary>The highest level at which source and destination are congruent.</summary>
    public required PageTableLevel Congruence { get; init; }

    /// <summary>The plans, one for each policy that its observer wanted, oldest first.</summary>
    public required IReadOnlyList<PlannedMove> Plans { get; init; }

    /// <summary>What the move would have cost with a destination chosen congruent; null where there is no such place, where several mappings moved together, and where it would have cost the same, since
    /// each of the source's tables holds a page that stays.</summary>
    public required CongruentForecast? Congruent { get; init; }

    /// <summary>What the kernel counted in the call, beside the prediction; null where nothing was counted.</summary>
    internal KernelReport? Kernel { get; init; }

    /// <summary>The plan of one policy.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="policy"/> is none of those.</exception>
    public PlannedMove Under(MovePolicy policy)
    {
        for (int i = 0; i < Plans.Count; i++)
        {
            if (Plans[i].Policy == policy)
                return Plans[i];
        }

        throw new ArgumentOutOfRangeException(nameof(policy), policy, "The move was not planned under this policy.");
    }

    /// <summary>The plan of linux-6.7 or pageshift to a congruent destination: as it was made when it is congruent already, or when none is cheaper.</summary>
    public PlannedMove BestPlaced(MovePolicy policy) => Congruent?.BetterThan(Under(policy), Congruence) ?? Under(policy);
}

/// <summary>What a move costs under one policy, and why.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Cost">The cost.</param>
/// <param name="ExpandedSource">What moves, with the blocks that the move is expanded to.</param>
/// <param name="Boundaries">What was decided about the blocks at the two ends.</param>
public sealed record PlannedMove(MovePolicy Policy, MoveCost Cost, AddressRange ExpandedSource, IReadOnlyList<BoundaryDecision> Boundaries)
{
    /// <summary>The runs that are kept of a plan; a plan for scattered pages has as many runs as there are gaps.</summary>
    public const int MostKeptRuns = 64;

    /// <summary>The first runs, in the order in which they move: at most <see cref="MostKeptRuns"/>.</summary>
    internal IReadOnlyList<MoveRun> Runs { get; init; } = [];

    /// <summary>All runs of the plan.</summary>
    public int RunCount { get; init; }

    /// <summary>What is to be kept of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="alike">What was kept of another plan of the same move, which often has the same runs: those are then kept once. Null for none.</param>
    /// <exception cref="ArgumentNullException">There is no plan.</exception>
    public static PlannedMove Of(MovePlan plan, PlannedMove? alike = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int kept = Math.Min(plan.Runs.Count, MostKeptRuns);
        return new PlannedMove(plan.Policy, plan.Cost, plan.ExpandedSource, First(plan.Boundaries, plan.Boundaries.Count))
        {
            Runs = alike is not null && StartsWith(plan.Runs, alike.Runs, kept) ? alike.Runs : First(plan.Runs, kept),
            RunCount = plan.Runs.Count,
        };
    }

    /// <summary>The same in addresses that are 2^<paramref name="shift"/> times as large.</summary>
    internal PlannedMove Scaled(int shift) => shift == 0 ? this : new PlannedMove(Policy, Cost, ExpandedSource.Scaled(shift), [.. Boundaries.Select(b => b.Scaled(shift))])
    {
        Runs = [.. Runs.Select(r => r.Scaled(shift))],
        RunCount = RunCount,
    };

    private static bool StartsWith(IReadOnlyList<MoveRun> runs, IReadOnlyList<MoveRun> start, int count)
    {
        if (start.Count != count)
            return false;
        for (int i = 0; i < count; i++)
        {
            if (runs[i] != start[i])
                return false;
        }

        return true;
    }

    private static T[] First<T>(IReadOnlyList<T> list, int count)
    {
        if (count == 0)
            return [];
        var first = new T[count];
        for (int i = 0; i < count; i++)
            first[i] = list[i];
        return first;
    }
}

/// <summary>The same move to a destination that the engine would choose congruent with the source (<see cref="Placement.Congruent"/>), planned and not guessed.</summary>
/// <param name="Destination">The place.</param>
/// <param name="Congruence">The highest level at which it is congruent with the source.</param>
/// <param name="Linux">The cost under linux-6.7.</param>
/// <param name="PageShift">The cost under pageshift.</param>
public sealed record CongruentForecast(VirtualAddress Destination, PageTableLevel Congruence, PlannedMove Linux, PlannedMove PageShift)
{
    /// <summary>What is to be kept of the move as it was shown.</summary>
    internal static CongruentForecast Of(MoveObservation move, int shift = 0)
    {
        MovePlan linux = move.Plan(MovePolicy.Linux67);
        return new CongruentForecast(
            new VirtualAddress(move.Request.New.Value << shift), linux.Congruence, PlannedMove.Of(linux).Scaled(shift), PlannedMove.Of(move.Plan(MovePolicy.PageShift)).Scaled(shift));
    }

    /// <summary>True for the two policies that it is planned under.</summary>
    internal bool IsPlannedUnder(MovePolicy policy) => policy == Linux.Policy || policy == PageShift.Policy;

    /// <summary>The plan there, where it moves fewer entries under the same policy; null where it does not, or the move was as congruent as it was made.</summary>
    internal PlannedMove? BetterThan(PlannedMove asMade, PageTableLevel congruence)
    {
        PlannedMove placed = asMade.Policy == MovePolicy.PageShift ? PageShift : Linux;
        return congruence < Congruence && placed.Cost.Entries < asMade.Cost.Entries ? placed : null;
    }
}
