using PageShift.Abi;
using PageShift.Linux.Tracing;
using PageShift.Units;

namespace PageShift.Verification.Following;

/// <summary>What was counted while programs were followed.</summary>
public sealed record FollowStatistics
{
    private readonly SortedDictionary<string, long> _unexplained = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _ranges = new(StringComparer.Ordinal);
    private readonly Dictionary<SystemCallNumber, CallTotals> _calls = [];
    private readonly SortedDictionary<PlacementObstacle, long> _unplaced = [];

    /// <summary>The memory calls that returned, by kind.</summary>
    internal IReadOnlyDictionary<SystemCallNumber, CallTotals> Calls => _calls;

    /// <summary>Address spaces followed: programs executed and processes forked.</summary>
    public long AddressSpaces { get; internal set; }

    /// <summary>Memory calls that were mirrored on the engine.</summary>
    public long MirroredCalls { get; internal set; }

    /// <summary>Memory calls that change no mapping and were left out (mincore, populating, get_mempolicy).</summary>
    public long PassedCalls { get; internal set; }

    /// <summary>Errors that calls and mappings do not explain: a limit, a missing permission, a file. They were not compared.</summary>
    public long UnexplainedResults { get; private set; }

    /// <summary>How often each error was one of them, by its name.</summary>
    public IReadOnlyDictionary<string, long> UnexplainedErrors => _unexplained;

    /// <summary>Ranges that the engine does not model, and whose state was taken from the kernel, by what they are: hugetlbfs, userfaultfd.</summary>
    public IReadOnlyDictionary<string, long> UnmodelledRanges => _ranges;

    /// <summary>Calls whose effect the engine does not model, and after which it was told the kernel's mappings.</summary>
    public long UnmodelledCalls { get; internal set; }

    /// <summary>Calls that ran at the same time as another one of their address space, so that their order is not known; the engine was told the kernel's mappings.</summary>
    public long OverlappedCalls { get; internal set; }

    /// <summary>Memory calls of the 32-bit interfaces.</summary>
    public long ForeignCalls { get; internal set; }

    /// <summary>Address spaces that were no longer followed once such a call had been made in them.</summary>
    public long AbandonedSpaces { get; internal set; }

    /// <summary>Boundaries between mappings that the engine was told, because they depend on what can't be seen: how often a file was opened, where other threads fault, names and policies of mappings.</summary>
    public long HiddenBoundaries { get; internal set; }

    /// <summary>Comparisons of the mappings around a call.</summary>
    public long LocalComparisons { get; internal set; }

    /// <summary>Comparisons of all mappings of a process.</summary>
    public long FullComparisons { get; internal set; }

    /// <summary>How often all mappings of a process were read with their flags, to take over what differs.</summary>
    internal long WholeReads { get; set; }

    /// <summary>How much memory was looked through for a private page, of which the kernel tells no faster.</summary>
    internal ByteLength LookedThrough { get; set; }

    /// <summary>Moves.</summary>
    public long Moves { get; internal set; }

    /// <summary>Divergences.</summary>
    public long Divergences { get; internal set; }

    /// <summary>The shortest time of any call: what the changes of context add to every measured time, with the least that a call does. 0 when none was made.</summary>
    public long BaselineNanoseconds { get; internal set; }

    /// <summary>The same in processor time (<see cref="Linux.Tracing.CallExit.ProcessorNanoseconds"/>); null where the kernel did not tell.</summary>
    public long? BaselineProcessorNanoseconds { get; internal set; }

    /// <summary>Programs that were not followed, as the kernel hides their memory from this user: their files may be executed and not read, for instance.</summary>
    public long HiddenPrograms { get; internal set; }

    /// <summary>True when a stack had code without a name that its process had compiled as it ran.</summary>
    internal bool HasUnnamedCode { get; set; }

    /// <summary>What the kernel counted in the calls that moved: flushes of the TLB of their own address space (tlb:tlb_flush, reason 3).</summary>
    internal long CountedFlushes { get; set; }

    /// <summary>The same: zeroed pages, which are page tables unless the call populates (kmem:mm_page_alloc with __GFP_ZERO).</summary>
    internal long CountedAllocations { get; set; }

    /// <summary>Why it was not counted, as a sentence; null where it was, or where nobody asked.</summary>
    internal string? WhyNotCounted { get; set; }

    /// <summary>Moves that left their destination to the kernel and were given a congruent one.</summary>
    internal long PlacedCalls { get; set; }

    /// <summary>Those that were not, by why not.</summary>
    internal IReadOnlyDictionary<PlacementObstacle, long> UnplacedCalls => _unplaced;

    internal void AddUnplaced(PlacementObstacle obstacle) => _unplaced[obstacle] = _unplaced.GetValueOrDefault(obstacle) + 1;

    internal void AddUnexplained(Errno error)
    {
        UnexplainedResults++;
        _unexplained[ErrnoName.Of(error)] = _unexplained.GetValueOrDefault(ErrnoName.Of(error)) + 1;
    }

    internal void AddUnmodelledRange(VmFlags flags, bool isOfDriver)
    {
        if (isOfDriver)
            _ranges["drivers"] = _ranges.GetValueOrDefault("drivers") + 1;
        if (flags.HasFlag(VmFlags.HugeTlb))
            _ranges["hugetlbfs"] = _ranges.GetValueOrDefault("hugetlbfs") + 1;
        if (flags.HasFlag(VmFlags.UserFault))
            _ranges["userfaultfd"] = _ranges.GetValueOrDefault("userfaultfd") + 1;
    }

    internal void Count(in CallExit exit)
    {
        if (!_calls.TryGetValue(exit.Entry.Number, out CallTotals? totals))
            _calls[exit.Entry.Number] = totals = new CallTotals();
        totals.Add(exit);
    }
}

/// <summary>The memory calls of one kind.</summary>
internal sealed class CallTotals
{
    /// <summary>How many returned.</summary>
    internal long Count { get; private set; }

    /// <summary>How many of them returned an error.</summary>
    internal long Errors { get; private set; }

    /// <summary>The lengths that they named, added up, in bytes: the second argument, which is the length of the calls that map, unmap, protect and advise.</summary>
    internal decimal Bytes { get; private set; }

    internal void Add(in CallExit exit)
    {
        Count++;
        if (exit.Result.IsError)
            Errors++;
        else
            Bytes += exit.Entry.Arguments.Second;
    }
}
