using PageShift.PageTables;
using PageShift.Physical;

namespace PageShift.Moving;

/// <summary>How a move will be made under one policy, what it will cost, and why. Computed without changing anything.</summary>
/// <remarks>A plan is a reusable buffer of the planner's: it is valid until the next plan is made into it, and only for the tables as they were.
/// Not thread-safe.</remarks>
public sealed class MovePlan
{
    private MoveRequest _request; // read in place: it is too large to be copied for one of its fields
    private readonly List<MoveRun> _runs = [];
    private readonly List<BoundaryDecision> _boundaries = [];

    /// <summary>The policy.</summary>
    public MovePolicy Policy { get; private set; }

    /// <summary>What is to be moved.</summary>
    public MoveRequest Request => _request;

    /// <summary>The runs, in the order in which they move: ascending when the move goes down, descending when it goes up.</summary>
    public IReadOnlyList<MoveRun> Runs => _runs;

    /// <summary>What was decided about the blocks at the two ends, from the highest congruent level down.</summary>
    public IReadOnlyList<BoundaryDecision> Boundaries => _boundaries;

    /// <summary>The highest level at which source and destination are congruent.</summary>
    public PageTableLevel Congruence { get; internal set; }

    /// <summary>The source that moves, with the blocks that the move was expanded to.</summary>
    public AddressRange ExpandedSource { get; internal set; }

    /// <summary>What the move costs under the policy. For a policy of Linux, tables and flushes are the kernel's own, as its counters show them.</summary>
    public MoveCost Cost { get; internal set; }

    /// <summary>What executing the plan in this engine does; for <see cref="MovePolicy.PageShift"/> the same as <see cref="Cost"/>. They differ for a policy of
    /// Linux only in tables and flushes, and where Linux moves a table that is empty, which this engine never keeps.</summary>
    public MoveCost Work { get; internal set; }

    /// <summary>True when the runs are in descending order.</summary>
    public bool IsDescending => _request.New > _request.Old && Policy == MovePolicy.PageShift;

    /// <summary>Where <see cref="ExpandedSource"/> goes.</summary>
    internal AddressRange ExpandedDestination
    {
        get
        {
            ulong delta = unchecked(_request.New.Value - _request.Old.Value);
            return new AddressRange(
                new VirtualAddress(unchecked(ExpandedSource.Start.Value + delta)), new VirtualAddress(unchecked(ExpandedSource.End.Value + delta)));
        }
    }

    /// <summary>The tables that executing it takes: those of <see cref="Work"/>, known too when that is not counted.</summary>
    internal ulong TablesToAllocate { get; set; }

    /// <summary>The table that all entries leave, when there is one run that lies in one table, arrives in one that is there, and takes no large leaf apart; else none. Known for a plan
    /// that is only executed.</summary>
    internal FrameNumber SourceTable { get; set; }

    /// <summary>The table that they arrive in, when <see cref="SourceTable"/> is one; it may be the same.</summary>
    internal FrameNumber DestinationTable { get; set; }

    internal List<MoveRun> RunList => _runs;

    internal List<BoundaryDecision> BoundaryList => _boundaries;

    internal void Reset(MovePolicy policy, in MoveRequest request)
    {
        _runs.Clear();
        _boundaries.Clear();
        Policy = policy;
        _request = request;
        ExpandedSource = request.Source;
        Cost = default;
        Work = default;
        SourceTable = FrameNumber.None;
    }

    /// <summary>Adds a run behind the last, or lengthens the last when the two are neighbours.</summary>
    internal void AddRun(PageTableLevel level, ulong source, ulong destination, ulong slots, ulong entries, ulong span)
    {
        if (_runs.Count != 0)
        {
            MoveRun last = _runs[^1];
            if (last.Level == level && last.Source.Value + (last.Slots * span) == source)
            {
                _runs[^1] = last with { Slots = last.Slots + slots, Entries = last.Entries + entries };
                return;
            }

            if (last.Level == level && source + (slots * span) == last.Source.Value)
            {
                _runs[^1] = new MoveRun(level, new VirtualAddress(source), new VirtualAddress(destination), last.Slots + slots, last.Entries + entries);
                return;
            }
        }

        _runs.Add(new MoveRun(level, new VirtualAddress(source), new VirtualAddress(destination), slots, entries));
    }

    /// <summary>True when a run above <paramref name="level"/> moves the block at <paramref name="address"/> away, looking at the first <paramref name="count"/> runs.</summary>
    internal bool MovesWhole(ulong address, PageTableLevel level, int count, PagingGeometry geometry)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            MoveRun run = _runs[i];
            if (run.Level > level && address - run.Source.Value < run.Slots << geometry.SpanShift(run.Level))
                return true;
        }

        return false;
    }
}
