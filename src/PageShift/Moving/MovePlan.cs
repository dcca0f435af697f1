using System.Runtime.InteropServices;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Moving;

/// <summary>How a move will be made under one policy, what it will cost, and why. Computed without changing anything.</summary>
/// <remarks>A plan is a reusable buffer: it is valid until the next plan is made into it, and only for the tables as they were. Not thread-safe.</remarks>
public sealed class MovePlan
{
    private readonly List<MoveRun> _runs = [];
    private readonly List<BoundaryDecision> _boundaries = [];
    private readonly bool _isShown;
    private PagingGeometry _geometry = PagingGeometry.X86;
    private MoveRequest _request;

    /// <summary>Makes room for plans.</summary>
    /// <param name="isShown">True when somebody will look at them: then they keep their reasons.</param>
    internal MovePlan(bool isShown) => _isShown = isShown;

    /// <summary>The policy.</summary>
    public MovePolicy Policy { get; private set; }

    /// <summary>What is to be moved.</summary>
    public ref readonly MoveRequest Request => ref _request; // too large to be copied for one of its fields

    /// <summary>The runs, in the order in which they move: ascending when the move goes down, descending when it goes up.</summary>
    internal IReadOnlyList<MoveRun> Runs => _runs;

    /// <summary>What was decided about the blocks at the two ends, from the highest congruent level down.</summary>
    public IReadOnlyList<BoundaryDecision> Boundaries => _boundaries;

    /// <summary>The highest level at which source and destination are congruent.</summary>
    public PageTableLevel Congruence { get; private set; }

    /// <summary>The source that moves, with the blocks that the move was expanded to.</summary>
    public AddressRange ExpandedSource { get; internal set; }

    /// <summary>What the move costs under the policy. For a policy of Linux, tables and flushes are the kernel's own, as its counters show them.</summary>
    public MoveCost Cost { get; internal set; }

    /// <summary>True when the runs are in descending order.</summary>
    internal bool IsDescending => _request.New > _request.Old && Policy == MovePolicy.PageShift;

    /// <summary>What executing the plan in this engine does; for <see cref="MovePolicy.PageShift"/> the same as <see cref="Cost"/>. They differ for a policy of
    /// Linux only in tables and flushes, and where Linux moves a table that is empty, which this engine never keeps.</summary>
    internal MoveCost Work { get; set; }

    /// <summary>How far everything moves.</summary>
    internal Displacement Displacement { get; private set; }

    /// <summary>Where <see cref="ExpandedSource"/> goes.</summary>
    internal AddressRange ExpandedDestination => ExpandedSource + Displacement;

    /// <summary>The slots of the source that planning has looked at in order to move them.</summary>
    internal ulong SlotsVisited { get; set; }

    /// <summary>The slots that planning has looked at to see whether something else lives there.</summary>
    internal ulong SlotsInspected { get; set; }

    /// <summary>True when a large leaf will be taken apart.</summary>
    internal bool SplitsLeaves { get; set; }

    /// <summary>True when, under a policy of Linux, the source has slots of a PUD that are empty.</summary>
    internal bool PassesOverPuds { get; set; }

    /// <summary>The tables that executing it takes: those of <see cref="Work"/>, known too when that is not counted.</summary>
    internal ulong TablesToAllocate { get; set; }

    /// <summary>The table that all entries leave, where that is known: when there is one run that lies in one table, arrives in one that is there, and takes no large leaf apart; else none.</summary>
    internal FrameNumber SourceTable { get; set; }

    /// <summary>The table that they arrive in, when there is one run that arrives in one table, which is there, and takes no large leaf apart; else none.</summary>
    internal FrameNumber DestinationTable { get; set; }

    internal List<MoveRun> RunList => _runs;

    internal void Reset(MovePolicy policy, in MoveRequest request, PagingGeometry geometry)
    {
        _runs.Clear();
        _boundaries.Clear();
        _geometry = geometry;
        _request = request;
        Policy = policy;
        Congruence = geometry.Congruence(request.Old, request.New) ?? PageTableLevel.Pte;
        Displacement = Displacement.Between(request.Old, request.New);
        ExpandedSource = request.Source;
        Cost = default;
        Work = default;
        SlotsVisited = 0;
        SlotsInspected = 0;
        SplitsLeaves = false;
        PassesOverPuds = false;
        SourceTable = FrameNumber.None;
        DestinationTable = FrameNumber.None;
    }

    /// <summary>Takes over another plan of the same move, but for the policy, its boundaries and what it costs.</summary>
    internal void CopyFrom(MovePlan other, MovePolicy policy)
    {
        Reset(policy, other._request, other._geometry);
        _runs.AddRange(other._runs);
        ExpandedSource = other.ExpandedSource;
        Work = other.Work;
        SlotsVisited = other.SlotsVisited;
        SlotsInspected = other.SlotsInspected;
        SplitsLeaves = other.SplitsLeaves;
        PassesOverPuds = other.PassesOverPuds;
        TablesToAllocate = other.TablesToAllocate;
        SourceTable = other.SourceTable;
        DestinationTable = other.DestinationTable;
    }

    /// <summary>Adds a run behind the last, or lengthens the last when the two are neighbours.</summary>
    internal void AddRun(PageTableLevel level, VirtualAddress source, ulong slots, ulong entries)
    {
        if (_runs.Count != 0 && _runs[^1] is var last && last.Level == level)
        {
            if (last.Source + last.Length(_geometry) == source)
            {
                _runs[^1] = last with { Slots = last.Slots + slots, Entries = last.Entries + entries };
                return;
            }

            if (source + new ByteLength(slots << _geometry.SpanShift(level)) == last.Source)
            {
                _runs[^1] = new MoveRun(level, source, source + Displacement, last.Slots + slots, last.Entries + entries);
                return;
            }
        }

        _runs.Add(new MoveRun(level, source, source + Displacement, slots, entries));
    }

    /// <summary>Adds what was decided about the block of one entry.</summary>
    internal void AddBoundary(MoveEnd end, PageTableLevel level, VirtualAddress block, BoundaryOutcome outcome, VirtualAddress? obstacle)
    {
        if (_isShown)
            _boundaries.Add(new BoundaryDecision(end, level, new AddressRange(block, _geometry.Span(level)), outcome, obstacle));
    }

    /// <summary>True when the entry at <paramref name="address"/> moves as part of a run above <paramref name="level"/>.</summary>
    internal bool MovesWhole(VirtualAddress address, PageTableLevel level) => MovesWhole(address, level, _runs.Count);

    /// <summary>The same, looking at the first <paramref name="count"/> runs only.</summary>
    internal bool MovesWhole(VirtualAddress address, PageTableLevel level, int count)
    {
        // The runs are in order, and no two have a slot in common.
        ReadOnlySpan<MoveRun> runs = CollectionsMarshal.AsSpan(_runs);
        int from = 0;
        int to = count;
        while (from < to)
        {
            int middle = (from + to) / 2;
            ref readonly MoveRun run = ref runs[middle];
            if (address - run.Source < run.Length(_geometry)) // modulo 2^64: an address below is far above
                return run.Level > level;
            if (address < run.Source == IsDescending)
                from = middle + 1;
            else
                to = middle;
        }

        return false;
    }
}
