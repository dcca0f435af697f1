using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;
using PageShift.Linux.Tracing;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <content>The calls: what the kernel did is done to the engine's space, and compared.</content>
internal sealed partial class FollowedSpace
{
    // Around a call's own ranges mappings are compared after each call, all of them after so many, and at the end.
    private const int CallsPerFullComparison = 1024;

    // What calls do with these ranges, and what merges there, is the kernel's alone to know.
    private const VmFlags NotModelled = VmFlags.HugeTlb | VmFlags.UserFault;

    private readonly List<AddressRange> _compared = [];
    private bool _hasUnmodelledRanges;
    private bool _isOnUnmodelled;

    /// <summary>A thread is about to make a call: looks at what will be gone afterwards.</summary>
    internal void Enter(in CallEntry call)
    {
        _isOnUnmodelled = false;
        foreach (AddressRange range in RangesBefore(call))
        {
            AddressRange mapped = range.Intersect(Everything);
            LearnGrowth(mapped);
            LearnPrivatePages(mapped);
            _isOnUnmodelled |= _hasUnmodelledRanges && HasUnmodelled(mapped);
        }

        _pending = null;
        if (!WillMove(call))
            return;
        ReadPagesBefore(call.ThreadId, call.Arguments);
        BeginCounting(call.ThreadId);
    }

    /// <summary>True when the call may move a mapping, so that its pages will have to be known.</summary>
    internal bool WantsStandstill(in CallEntry call) => WillMove(call);

    /// <summary>A call has returned: does the same to the engine's space, and compares.</summary>
    internal void Complete(in CallExit exit)
    {
        EndCounting(exit);
        NoteBaseline(exit);
        _isPlaced = _placedThread == exit.Entry.ThreadId;
        _placedThread = 0;
        if (_isPlaced)
            _context.Statistics.PlacedCalls++;
        if (exit.IsOverlapped)
        {
            _context.Statistics.OverlappedCalls++;
            AdoptBreakOf(exit);
            Resync();
            return;
        }

        SystemCallDescription? call = SystemCallTable.Find(exit.Entry.Number);
        CallRanges after = call?.RangesAfter(exit.Entry.Arguments, exit.Result) ?? default;
        if (_isOnUnmodelled || (call is not null && ((MayMapLargePages(call, exit.Entry.Arguments) && IsOfLargePages(after)) || MapsDriver(call, exit))))
        {
            // Which pieces a move has made, and what they merge with, is not to be seen.
            _hasHiddenState |= exit.Entry.Number == SystemCallNumber.Remap;
            _context.Statistics.UnmodelledCalls++;
            Resync();
            return;
        }

        foreach (AddressRange range in after)
            LearnPrivatePages(range, except: range);
        CallResult? engine = Mirror(exit, call);
        _context.Memory.ThrowIfHostExhausted();
        Difference? difference = null;
        if (engine is { } result)
        {
            _context.Statistics.MirroredCalls++;
            difference = result == exit.Result ? null : new Difference("the results", result.ToString(), exit.Result.ToString());
        }

        difference ??= CompareAround(RangesBefore(exit.Entry), after);
        if (difference is null)
            return;
        if (_hasUnmodelledRanges && HaveUnmodelledChanged())
            Resync(); // a descriptor that was closed has ended what it had registered
        else
            Report(exit, difference);
    }

    /// <summary>True when the kernel has another mapping than the engine where something is that is not modelled.</summary>
    private bool HaveUnmodelledChanged()
    {
        _kernel.Clear();
        if (!_reader.ReadMappingsWithFlags(Everything, _kernel))
            return false;
        FindDifferent(Everything);
        return _replaced.Exists(IsNotModelled);
    }

    private bool HasUnmodelled(AddressRange range)
    {
        _engine.Clear();
        Engine.CopyMappings(range, _engine);
        return _engine.Exists(IsNotModelled);
    }

    private bool IsNotModelled(Mapping mapping) => (mapping.Flags & NotModelled) != 0 || _context.Files.IsOfDriver(mapping.File?.Object);

    private static bool MayMapLargePages(SystemCallDescription call, in CallArguments a) =>
        call.Descriptor(a) is not null || call.Attached(a) is not null || (call.Number == SystemCallNumber.Map && ((MapFlags)a.Fourth).HasFlag(MapFlags.HugeTlb));

    /// <summary>True when the call has mapped pages of hugetlbfs.</summary>
    private bool IsOfLargePages(in CallRanges after)
    {
        foreach (AddressRange range in after)
        {
            _kernel.Clear();
            if (!range.IsEmpty && _reader.ReadMappings(new AddressRange(range.Start, PageSize.Length), _kernel) && _kernel.Count == 1 && _kernel[0].PageBytes > PageSize.Bytes)
                return true;
        }

        return false;
    }

    private static bool MapsDriver(SystemCallDescription call, in CallExit exit) =>
        !exit.Result.IsError && call.Descriptor(exit.Entry.Arguments) is >= 0 and int descriptor && FollowedFiles.IsOfDriver(FollowedFiles.PathOf(exit.Entry.ProcessId, exit.Entry.ThreadId, descriptor));

    /// <summary>A thread ends in a call: whether that had an effect, the kernel alone can tell.</summary>
    internal void Abandon(in CallEntry call)
    {
        Resync();
        if (call.Number == SystemCallNumber.Break && _kernel.Count != 0)
            SeedBreak();
    }

    /// <summary>Compares the whole space, with all flags, when its last thread is about to end.</summary>
    internal void Finish()
    {
        if (_hasUnmodelledRanges)
            Resync();
        LearnPrivatePages(Everything);
        if (CompareThoroughly() is { } difference)
            _context.Report(new Divergence("the last call", difference) { ProcessId = ProcessId, ThreadId = ProcessId });
    }

    private void Report(in CallExit exit, Difference difference)
    {
        Tell(exit, difference);
        AdoptBreakOf(exit);
        Resync();
    }

    private void Tell(in CallExit exit, Difference difference) =>
        _context.Report(new Divergence(FollowLog.TextOf(exit), difference) { ProcessId = exit.Entry.ProcessId, ThreadId = exit.Entry.ThreadId });

    private void NoteBaseline(in CallExit exit)
    {
        if (_context.Statistics.BaselineNanoseconds == 0 || exit.ElapsedNanoseconds < _context.Statistics.BaselineNanoseconds)
            _context.Statistics.BaselineNanoseconds = exit.ElapsedNanoseconds;
        if (exit.ProcessorNanoseconds is { } used && !(used >= _context.Statistics.BaselineProcessorNanoseconds))
            _context.Statistics.BaselineProcessorNanoseconds = used;
    }

    private CallRanges RangesBefore(in CallEntry call) => SystemCallTable.Find(call.Number)?.RangesBefore(call.Arguments, Engine.BreakStart) ?? default;

    /// <summary>Null when the engine was not asked: then the mappings are all that is compared.</summary>
    private CallResult? Mirror(in CallExit exit, SystemCallDescription? call)
    {
        CallResult kernel = exit.Result;
        if (call is null || !call.IsModelledWith(exit.Entry.Arguments) || (!kernel.IsError && !Knows(call, exit)))
        {
            MirrorUnmodelled(exit, call);
            return null;
        }

        if (call.LeavesMappings(exit.Entry.Arguments))
        {
            _context.Statistics.PassedCalls++;
            return null;
        }

        try
        {
            if (IsRefusedElsewhere(call, exit))
            {
                // What it had done before that, the kernel shows.
                _context.Statistics.AddUnexplained(kernel.Error);
                _context.Log?.WriteCall(exit);
                Resync();
                return null;
            }

            CallResult? result = Make(exit, call);
            Engine.ForgetPages(); // pages are there only while a move is made
            if (result is null)
                _context.Statistics.AddUnexplained(kernel.IsError ? kernel.Error : Errno.OutOfMemory); // brk returns no error
            _context.Log?.WriteCall(exit);
            return result;
        }
        catch (InvalidOperationException failure)
        {
            _context.Memory.ThrowIfHostExhausted();
            Report(exit, new Difference("the outcomes", $"threw {failure.Message}", kernel.ToString()));
            return null;
        }
    }

    private void MirrorUnmodelled(in CallExit exit, SystemCallDescription? call)
    {
        if (call is { Effect: CallEffect.None } || exit.Result.IsError)
        {
            _context.Statistics.PassedCalls++;
            return;
        }

        // Names and policies of mappings, and protection keys, decide what merges, and are not to be read cheaply.
        _hasHiddenState |= call?.Effect is CallEffect.Hides or CallEffect.Protects;
        _context.Statistics.UnmodelledCalls++;
        if (HiddenChange(exit.Entry) is not { } range || !TryResyncBoundaries(range))
            Resync();
    }

    /// <summary>Where a call that succeeded has changed only what can't be seen, and so at the most has made or removed boundaries between mappings; null where it may have done more.</summary>
    private static AddressRange? HiddenChange(in CallEntry call)
    {
        (ulong start, ulong length) = call.Number == SystemCallNumber.ControlProcess && (uint)call.Arguments.First == MemoryCalls.NameMapping ? (call.Arguments.Third, call.Arguments.Fourth)
            : call.Number == MemoryCalls.SetPolicy ? (call.Arguments.First, call.Arguments.Second)
            : default;
        ulong end = unchecked(start + length);
        return length == 0 || end < start || end > Everything.End.Value ? null : new AddressRange(new VirtualAddress(start), new VirtualAddress(end).AlignUp(PageSize.Length));
    }

    /// <summary>Makes a call on the engine, so that it ends where the kernel's did. Null when the kernel refused it for a reason that the engine does not know.</summary>
    private CallResult? Make(in CallExit exit, SystemCallDescription call)
    {
        CallArguments arguments = exit.Entry.Arguments;
        CallResult kernel = exit.Result;
        if (call.Number == SystemCallNumber.Break)
            return Break(exit);
        if (kernel.IsError && call.IsOnShared)
            return null;
        int? descriptor = call.Descriptor(arguments);
        if (kernel.IsError && call.Effect == CallEffect.Adds && (descriptor is not null || IsDecidedElsewhere(kernel.Error)))
            return null;
        if (descriptor is { } number)
            LearnFile(exit.Entry, number, kernel.Address);
        if (!kernel.IsError)
            arguments = call.Following(Engine, arguments, kernel);
        if (!kernel.IsError && call.ReturnsAddress)
        {
            bool looksItself = call.Attached(arguments) is not null;
            if (!looksItself && !IsFreePlace(call, arguments, kernel))
                return Errno.AlreadyExists;
            arguments = call.PlacedAt(arguments, kernel.Address, replaces: !looksItself);
        }

        if (call.Number == SystemCallNumber.Map)
            arguments = arguments with { Fourth = arguments.Fourth & ~(ulong)MapFlags.Populate }; // no page is kept
        return !kernel.IsError && call.MayMove(arguments) ? Move(exit, arguments) : _target.Execute(new SystemCall(call.Number, arguments)).Result;
    }

    /// <summary>True when the place was free that the kernel has chosen.</summary>
    private bool IsFreePlace(SystemCallDescription call, in CallArguments arguments, CallResult kernel)
    {
        CallRanges named = call.RangesBefore(arguments, Engine.BreakStart);
        foreach (AddressRange range in call.RangesAfter(arguments, kernel))
        {
            if (!IsFree(new AddressRange(range.Start, range.End.AlignUp(PageSize.Length)), named))
                return false;
        }

        return true;
    }

    /// <summary>True when nothing is mapped in a range, apart from what a call names itself: what grows in place stays where it is.</summary>
    private bool IsFree(AddressRange pages, in CallRanges named)
    {
        if (pages.IsEmpty)
            return true;
        foreach (AddressRange own in named)
        {
            var owned = new AddressRange(own.Start.PageStart, own.End.AlignUp(PageSize.Length));
            if (owned.Overlaps(pages))
                return (owned.Start <= pages.Start || IsFree(new AddressRange(pages.Start, owned.Start), named))
                    && (owned.End >= pages.End || IsFree(new AddressRange(owned.End, pages.End), named));
        }

        return Engine.FindHole(pages) == pages;
    }

    /// <summary>True when the engine has what the call used, which it learns from the kernel where it can.</summary>
    private bool Knows(SystemCallDescription call, in CallExit exit)
    {
        if (call.Attached(exit.Entry.Arguments) is { } id)
            LearnSegment(id, exit.Result.Address);
        return call.CanBeMadeIn(Engine, exit.Entry.Arguments);
    }

    /// <summary>Learns of shared memory that was not seen made, or whose size was not told, from the first mapping of it.</summary>
    private void LearnSegment(int id, VirtualAddress shownAt)
    {
        _kernel.Clear();
        if (!_reader.ReadMappings(new AddressRange(shownAt, PageSize.Length), _kernel) || _kernel.Count == 0 || _kernel[0].Range.Start != shownAt)
            return;
        ByteLength length = _kernel[0].Range.Length;
        if (_context.Segments.PagesOf(id) == length.WholePages)
            return;
        _context.Segments.Adopt(id, length, _context.Files.ObjectOf(KernelFile.Of(_kernel[0]), CallPaths.SegmentPrefix));
        _context.Log?.WriteSegment(ProcessId, id, length);
    }

    /// <summary>Opens the file behind a descriptor, unless it still is the one that it was when it was last used: so mappings of one opening are known to be. The same file may have been
    /// opened again with other rights.</summary>
    private void LearnFile(in CallEntry call, int number, VirtualAddress shownAt)
    {
        _kernel.Clear();
        if (number < 0 || !_reader.ReadMappings(new AddressRange(shownAt, PageSize.Length), _kernel) || _kernel.Count == 0)
            return;
        KernelMapping mapping = _kernel[0];
        var file = KernelFile.Of(mapping);
        bool isKnown = Engine.Descriptors.TryGet(number, out OpenFile? known);
        bool isShown = isKnown && !_context.Files.IsSharedZeroDevice(known!.Object) && _context.Files.Pairs.AreSame(known.Object, file);
        if (isShown && !mapping.IsShared)
            return; // what may be done with a private mapping does not depend on the opening

        bool canWrite = (mapping.IsShared && mapping.Protection.HasFlag(Protection.Write)) || FollowedFiles.IsWritable(call.ProcessId, call.ThreadId, number);
        if (isShown && known!.CanWrite == canWrite)
            return;
        string? path = FollowedFiles.PathOf(call.ProcessId, call.ThreadId, number);
        MemoryObject shown = _context.Files.ObjectOf(file, path, mapping.IsShared);
        if (isKnown && known!.Object == shown && known.CanWrite == canWrite)
            return;
        var opened = new OpenFile(shown) { CanWrite = canWrite };
        if (mapping.Protection.HasFlag(Protection.Execute))
            _sites.Forget();
        Engine.Descriptors.Set(number, opened);
        _context.Log?.WriteOpen(call.ProcessId, number, path, opened.CanWrite);
    }

    private CallResult? Break(in CallExit exit)
    {
        CallArguments a = exit.Entry.Arguments;
        CallResult kernel = exit.Result;
        if (!_knowsBreak)
        {
            // The first answer says where the heap ends. What the call did to the mappings depends on where it had ended.
            AdoptBreakOf(exit);
            Resync();
            return kernel;
        }

        bool isRefused = a.First != kernel.Address.Value && Engine.Break(VirtualAddress.Zero) == kernel && a.First >= Engine.BreakStart.Value;
        return isRefused ? null : _target.Execute(new SystemCall(SystemCallNumber.Break, a)).Result;
    }

    /// <summary>Whatever brk does, it returns where the heap ends then.</summary>
    private void AdoptBreakOf(in CallExit exit)
    {
        if (exit.Entry.Number != SystemCallNumber.Break || exit.Result.IsError)
            return;
        _knowsBreak = true;
        Engine.AdoptBreak(Engine.BreakStart, exit.Result.Address);
        _context.Log?.WriteBreakEnd(ProcessId, exit.Result.Address);
    }

    private Difference? CompareAround(in CallRanges before, in CallRanges after)
    {
        if (++_callsSinceFullComparison >= CallsPerFullComparison)
            return Compare(Everything);
        _compared.Clear();
        foreach (AddressRange range in before)
            AddCompared(range.Intersect(Everything));
        foreach (AddressRange range in after)
        {
            if (!before.Contains(range))
                AddCompared(range);
        }

        foreach (AddressRange range in _compared)
        {
            if (Compare(range) is { } difference)
                return difference;
        }

        return null;
    }

    /// <summary>A mapping often moves to beside where it was: then one look at both finds what two would find twice.</summary>
    private void AddCompared(AddressRange range)
    {
        if (_compared.Count != 0 && _compared[^1] is var last && range.Start <= last.End && last.Start <= range.End)
            _compared[^1] = new AddressRange(range.Start < last.Start ? range.Start : last.Start, range.End > last.End ? range.End : last.End);
        else
            _compared.Add(range);
    }

    /// <summary>True for a call that the kernel refused and the engine would make. Once made and taken back, memory would no longer be known for what it was.</summary>
    private bool IsRefusedElsewhere(SystemCallDescription call, in CallExit exit) =>
        exit.Result.IsError && IsDecidedElsewhere(exit.Result.Error) && call.Effect != CallEffect.Adds && !call.IsOnShared
            && LogProcess.Rehearse(Engine, new SystemCall(exit.Entry.Number, exit.Entry.Arguments), call, null).Error != exit.Result.Error;

    /// <summary>True for errors that arguments and mappings alone do not explain: limits, permissions, files, signals.</summary>
    private static bool IsDecidedElsewhere(Errno error) => error is not (Errno.None or Errno.InvalidArgument or Errno.BadAddress or Errno.AlreadyExists);
}
