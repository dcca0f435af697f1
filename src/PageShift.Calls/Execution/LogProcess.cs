using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>One process of a log: an address space, its open files, and the threads that share them.</summary>
internal sealed class LogProcess(EngineTarget target, ISpaceFollower? follower) : IDisposable
{
    private static readonly ResourceLimits NoLimits = new();

    // How the log shows that descriptors were opened: open's flags, and what the path names.
    private readonly Dictionary<int, (ulong Flags, MemoryObjectKind Kind)> _openings = [];

    private int _threads = 1;

    /// <summary>What makes its calls.</summary>
    internal EngineTarget Target { get; } = target;

    internal AddressSpace Space => Target.Space;

    /// <summary>What the log has unmapped, or shown to be unmapped: nothing is to be inferred there. It may have been mapped again since.</summary>
    internal AddressRangeSet KnownHoles { get; } = new();

    /// <summary>Where it may have something else than its parent had: calls of other threads ran there while it was forked.</summary>
    internal AddressRangeSet MayDiffer { get; } = new();

    /// <summary>What it has of hugetlbfs. See <see cref="LargePageRules"/>.</summary>
    internal LargePageRules LargePages => field ??= new LargePageRules(this);

    /// <summary>All addresses that can be mapped.</summary>
    internal AddressRange UserSpace => new(VirtualAddress.Zero, Space.UserLimit);

    /// <summary>Its calls that run, or ran, at the same time.</summary>
    internal OverlappedCalls Overlap { get; } = new();

    /// <summary>True once a break has been seen, which says where the heap begins.</summary>
    internal bool KnowsBreak { get; set; }

    /// <summary>True once the program has turned out to be of 32 bits.</summary>
    internal bool Is32Bit { get; set; }

    /// <summary>True once the log has said which pages are present: then nothing is assumed.</summary>
    internal bool StatesPresence { get; set; }

    /// <summary>True while it is assumed, and not known, which mappings have private pages: that decides what merges.</summary>
    internal bool GuessesIdentities { get => field || !StatesPresence; private init; }

    /// <summary>What calls touched of which no order was found, or only one of several: what is there is not certain.</summary>
    internal AddressRangeSet Uncertain { get; } = new();

    /// <summary>When something last became uncertain: a call that had begun before may be one of those whose order was not found.</summary>
    internal long UncertainSince { get; set; }

    /// <summary>True once its last thread is gone.</summary>
    internal bool HasEnded { get; private set; }

    public void Dispose()
    {
        HasEnded = true;
        follower?.Ended(Space);
        Target.Dispose();
    }

    internal void AddThread() => _threads++;

    /// <summary>Forgets a thread; gives the space back with the last.</summary>
    internal void RemoveThread()
    {
        if (--_threads == 0)
            Dispose();
    }

    /// <summary>Opens a file behind a descriptor, where none is, as the log shows that it was opened, or by the <paramref name="path"/> that it shows with the descriptor. Else it does not matter
    /// which file it is: one is made, which stays the same until the log shows a close.</summary>
    internal OpenFile Infer(int descriptor, string? path = null)
    {
        if (Space.Descriptors.TryGet(descriptor, out OpenFile? file))
            return file;
        bool isShown = _openings.TryGetValue(descriptor, out (ulong Flags, MemoryObjectKind Kind) opening);
        MemoryObjectKind kind = isShown && path is null ? opening.Kind : CallPaths.KindOf(path);
        var memory = new MemoryObject(Space.Memory, kind, new ByteLength(ulong.MaxValue)) { IsUnlinked = true };
        file = isShown ? CallPaths.Open(memory, opening.Flags) : new OpenFile(memory);
        Space.Descriptors.Set(descriptor, file);
        return file;
    }

    /// <summary>A descriptor whose file allows more than its opening in the log: another call than those that the log shows has opened it. False when that is no explanation.</summary>
    internal bool GuessAgain(int descriptor)
    {
        if (!_openings.Remove(descriptor))
            return false;
        _ = Space.Descriptors.Close(descriptor);
        Infer(descriptor);
        return true;
    }

    internal void Open(int descriptor, ulong flags, string? path)
    {
        _ = Space.Descriptors.Close(descriptor);
        _openings[descriptor] = (flags, CallPaths.KindOf(path));
    }

    internal void Duplicate(int from, int to)
    {
        if (from < 0 || to < 0)
            return;
        Space.Descriptors.Set(to, Infer(from));
        if (_openings.TryGetValue(from, out (ulong Flags, MemoryObjectKind Kind) opening))
            _openings[to] = opening;
        else
            _openings.Remove(to);
    }

    internal void Close(in SystemCall close)
    {
        _ = Target.Execute(close);
        (ulong first, ulong last) = (close.Arguments.First, close.Arguments.Second);
        if (first == last)
        {
            _openings.Remove((int)first);
            return;
        }

        foreach (int descriptor in _openings.Keys.Where(open => (ulong)open >= first && (ulong)open <= last).ToArray())
            _openings.Remove(descriptor);
    }

    /// <summary>Takes over what a process has that was forked, or that executes another program.</summary>
    internal void Inherit(LogProcess other)
    {
        foreach ((int descriptor, (ulong Flags, MemoryObjectKind Kind) opening) in other._openings)
            _openings[descriptor] = opening;
        Space.Limits = other.Space.Limits;
        Space.Controls = other.Space.Controls.Inherited;
    }

    /// <summary>A copy of what it has in some ranges, to try calls on. None of its pages is present, and nothing is assumed of them.</summary>
    internal LogProcess Copy(ReadOnlySpan<AddressRange> ranges)
    {
        var copy = new LogProcess(new EngineTarget(Space.Rehearse(ranges, hasPages: false)), follower: null) { KnowsBreak = KnowsBreak, StatesPresence = true, GuessesIdentities = GuessesIdentities, Is32Bit = Is32Bit };
        foreach (AddressRange range in ranges)
            KnownHoles.CopyTo(copy.KnownHoles, range);
        copy.LargePages.CopyFrom(LargePages);
        copy.MayDiffer.CopyFrom(MayDiffer);
        return copy;
    }

    /// <summary>Takes all limits away, and gives all rights.</summary>
    /// <returns>Those that were set.</returns>
    internal (ResourceLimits Limits, ProcessControls Controls) LiftLimits()
    {
        (ResourceLimits, ProcessControls) set = (Space.Limits, Space.Controls);
        (Space.Limits, Space.Controls) = (NoLimits, ProcessControls.Privileged);
        return set;
    }

    /// <summary>Sets again what <see cref="LiftLimits"/> has taken away.</summary>
    internal void SetLimits((ResourceLimits Limits, ProcessControls Controls) set) => (Space.Limits, Space.Controls) = set;

    /// <summary>What a call would return now. It is not made.</summary>
    internal CallResult Rehearse(in SystemCall call, SystemCallDescription description, Capabilities? capabilities)
    {
        if (description.DependsOnPages(call.Arguments))
            Target.MakeAssumedPresent();
        return Rehearse(Space, call, description, capabilities);
    }

    /// <summary>What a call would return in a space. It is not made.</summary>
    internal static CallResult Rehearse(AddressSpace space, in SystemCall call, SystemCallDescription description, Capabilities? capabilities)
    {
        CallArguments a = call.Arguments;
        CallRanges examined = description.Examined(a);
        Span<AddressRange> ranges = stackalloc AddressRange[2];
        int count = 0;
        foreach (AddressRange range in examined)
            ranges[count++] = range;
        using AddressSpace rehearsal = space.Rehearse(ranges[..count], description.DependsOnPages(a), capabilities);
        if (description.Descriptor(a) is >= 0 and int descriptor && space.Descriptors.TryGet(descriptor, out OpenFile? file))
            rehearsal.Descriptors.Set(descriptor, file.WithoutPages());
        return rehearsal.Invoke(call.Number, a);
    }

    /// <summary>What mincore returns here, wherever it puts the bytes.</summary>
    internal CallResult InCore(in CallArguments a)
    {
        var start = new VirtualAddress(a.First);
        CallResult beginning = Space.InCore(start, ByteLength.Zero, []);
        if (beginning.IsError)
            return beginning;
        if (a.Second > Space.Geometry.UserLimit.Value - a.First)
            return Errno.OutOfMemory;
        return Space.FindHole(CallRanges.Of(a.First, PageSize.RoundUpWrapping(a.Second))) is null ? CallResult.Success : Errno.OutOfMemory;
    }

    /// <summary>True when something of a range is not mapped, and the log has not said so.</summary>
    internal bool HasUnknown(AddressRange range)
    {
        while (!range.IsEmpty && Space.FindHole(range) is { } hole)
        {
            if (!KnownHoles.FirstOutside(hole).IsEmpty)
                return true;
            range = new AddressRange(hole.End, range.End);
        }

        return false;
    }

    /// <summary>Notes where a call of another thread ran while the process was forked: something may be mapped there or not.</summary>
    internal void NoteMayDiffer(AddressRange range)
    {
        var pages = new AddressRange(range.Start.PageStart, range.End.AlignUp(PageSize.Length));
        MayDiffer.Add(pages.Intersect(UserSpace));
        KnownHoles.Remove(pages);
    }

    /// <summary>Notes what a call that succeeded has left unmapped.</summary>
    internal void LearnHoles(SystemCallDescription description, in CallArguments a, CallOutcome outcome)
    {
        switch (description.Number)
        {
            case SystemCallNumber.Unmap:
                LearnHole(CallRanges.Of(a.First, a.Second));
                break;
            case SystemCallNumber.Remap when a.Third < a.Second && ((RemapFlags)a.Fourth & RemapFlags.Fixed) == 0:
                LearnHole(CallRanges.Of(a.First + a.Third, a.Second - a.Third));
                break;
            case SystemCallNumber.Remap when ((RemapFlags)a.Fourth & RemapFlags.DontUnmap) == 0 && outcome.State == CallOutcomeState.Value && outcome.Value != (long)a.First:
                LearnHole(CallRanges.Of(a.First, a.Second));
                break;
        }
    }

    /// <summary>Notes that a page is not mapped, when a call says so by its error.</summary>
    internal void LearnHole(SystemCallDescription description, in CallArguments a, Errno error)
    {
        bool saysSo = description.Number switch
        {
            SystemCallNumber.InCore or SystemCallNumber.Sync or SystemCallNumber.Protect or SystemCallNumber.Advise => error == Errno.OutOfMemory,
            SystemCallNumber.Remap => error == Errno.BadAddress && a.Third <= PageSize.Bytes,
            _ => false,
        };
        if (saysSo && a.Second is > 0 and <= PageSize.Bytes && Space.FindHole(CallRanges.Of(a.First, PageSize.Bytes)) is not null)
            LearnHole(CallRanges.Of(a.First, PageSize.Bytes));
    }

    private void LearnHole(AddressRange range)
    {
        if (!range.IsEmpty)
            KnownHoles.Add(new AddressRange(range.Start.PageStart, range.End.AlignUp(PageSize.Length)).Intersect(UserSpace));
    }
}
