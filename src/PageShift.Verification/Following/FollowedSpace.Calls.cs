using PageShift.Abi;
using PageShift.Linux.Interop;
using PageShift.Linux.Tracing;
using PageShift.Mappings;

namespace PageShift.Verification;

/// <content>The calls: what the kernel did is done to the engine's space, and compared.</content>
internal sealed partial class FollowedSpace
{
    // Around a call's own ranges mappings are compared after each call, all of them after so many, and at the end.
    private const int CallsPerFullComparison = 1024;

    /// <summary>The calls among those traced that leave mappings alone.</summary>
    private static readonly CallNumber[] Harmless =
    [
        CallNumber.SetMempolicy, CallNumber.GetMempolicy, CallNumber.MigratePages, CallNumber.MovePages, CallNumber.ProcessMrelease, CallNumber.SetMempolicyHomeNode,
    ];

    /// <summary>A thread is about to make a call: looks at what will be gone afterwards.</summary>
    internal void Enter(in CallEntry call)
    {
        var a = new FollowedArguments(call);
        foreach (AddressRange range in a.RangesBefore(Engine))
            LearnPrivatePages(range);
        _pending = null;
        if (WillMove(a))
            ReadPagesBefore(call.ThreadId, a);
    }

    /// <summary>True when the call may move a mapping, so that its pages will have to be known.</summary>
    internal bool WantsStandstill(in CallEntry call) => WillMove(new FollowedArguments(call));

    /// <summary>A call has returned: does the same to the engine's space, and compares.</summary>
    internal void Complete(in CallExit exit)
    {
        var a = new FollowedArguments(exit.Entry);
        NoteBaseline(exit);
        if (exit.IsOverlapped)
        {
            _context.Statistics.OverlappedCalls++;
            Resync();
            return;
        }

        foreach (AddressRange range in a.RangesAfter(exit.Result))
            LearnPrivatePages(range);
        CallResult? engine = Mirror(exit, a);
        _context.Memory.ThrowIfHostExhausted();
        Difference? difference = null;
        if (engine is { } result)
        {
            _context.Statistics.MirroredCalls++;
            difference = CompareResults(a, exit.Result, result);
        }

        difference ??= CompareAround(exit, a);
        if (difference is not null)
            Report(exit, difference);
    }

    /// <summary>Compares the whole space, with all flags, when its last thread is about to end.</summary>
    internal void Finish()
    {
        LearnPrivatePages(Everything);
        if (CompareThoroughly() is { } difference)
            _context.Report(new FollowDivergence(ProcessId, ProcessId, "the last call", difference.Subject, difference.Engine, difference.Kernel));
    }

    private void Report(in CallExit exit, Difference difference)
    {
        _context.Report(new FollowDivergence(exit.Entry.ProcessId, exit.Entry.ThreadId, FollowLog.TextOf(exit), difference.Subject, difference.Engine, difference.Kernel));
        Resync();
    }

    private void NoteBaseline(in CallExit exit)
    {
        if (_context.Statistics.BaselineNanoseconds == 0 || exit.ElapsedNanoseconds < _context.Statistics.BaselineNanoseconds)
            _context.Statistics.BaselineNanoseconds = exit.ElapsedNanoseconds;
    }

    /// <summary>Null when the engine was not asked: then the mappings are all that is compared.</summary>
    private CallResult? Mirror(in CallExit exit, in FollowedArguments a)
    {
        CallResult kernel = exit.Result;
        if (a.IsUnmodelled)
        {
            MirrorUnmodelled(exit, a);
            return null;
        }

        if (a.LeavesMappings)
        {
            _context.Statistics.PassedCalls++;
            return null;
        }

        try
        {
            CallResult? result = a.Number switch
            {
                SystemCallNumber.Map => Map(exit.Entry.ProcessId, a, kernel),
                SystemCallNumber.Remap => Remap(exit, a),
                SystemCallNumber.Break => Break(a, kernel),
                _ => new CallResult(Engine.Invoke((long)a.Number, a.First, a.Second, a.Third, a.Fourth)),
            };
            if (a.MayPopulate)
                Engine.ForgetPages();
            if (result is { } done && done.Error != kernel.Error && IsDecidedElsewhere(kernel.Error))
            {
                // The engine may have done what the kernel refused to do.
                _context.Statistics.RefusedCalls++;
                Resync();
                return null;
            }

            if (result is null)
                _context.Statistics.RefusedCalls++;
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

    private void MirrorUnmodelled(in CallExit exit, in FollowedArguments a)
    {
        if (Array.IndexOf(Harmless, (CallNumber)a.Number) >= 0 || exit.Result.IsError)
        {
            _context.Statistics.PassedCalls++;
            return;
        }

        // Names, policies and keys decide what merges, and are not to be read cheaply.
        _hasHiddenState |= (CallNumber)a.Number is CallNumber.Prctl or CallNumber.Mbind or CallNumber.PkeyMprotect;
        _context.Statistics.UnmodelledCalls++;
        Resync();
    }

    /// <summary>mmap, where the kernel has put it.</summary>
    private CallResult? Map(int process, in FollowedArguments a, CallResult kernel)
    {
        var flags = (MapFlags)a.Fourth;
        bool isAnonymous = flags.HasFlag(MapFlags.Anonymous);
        if (kernel.IsError && !(isAnonymous && !IsDecidedElsewhere(kernel.Error)))
            return null;
        OpenFile? file = isAnonymous || kernel.IsError ? null : FileOf(process, a, kernel.Address);
        var hint = new VirtualAddress(a.First);
        var length = new ByteLength(a.Second);
        if (!kernel.IsError && (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) == 0)
        {
            // A place that the kernel chose was free.
            hint = kernel.Address;
            var range = new AddressRange(hint, length.RoundUpToPages() ?? length);
            if (Engine.FindHole(range) != range)
                return Errno.AlreadyExists;
            flags = (flags & ~MapFlags.Below2GiB) | MapFlags.Fixed;
        }

        return Engine.Map(hint, length, (Protection)a.Third, flags & ~MapFlags.Populate, file, a.Sixth);
    }

    /// <summary>The open file behind a descriptor: the one that it was before, when it still is the same file.</summary>
    private OpenFile? FileOf(int process, in FollowedArguments a, VirtualAddress at)
    {
        _kernel.Clear();
        if (!_reader.ReadMappings(new AddressRange(at, new ByteLength(PageSize.Bytes)), _kernel) || _kernel.Count == 0)
            return null;
        var file = KernelFile.Of(_kernel[0]);
        int number = (int)a.Fifth;
        if (_descriptors.TryGetValue(number, out FollowedDescriptor known) && known.File == file)
            return known.Opened;
        string? path = FollowedFiles.PathOf(process, number);
        bool isShared = ((MapFlags)a.Fourth & MapFlags.TypeMask) != MapFlags.Private;
        var opened = new OpenFile(_context.Files.ObjectOf(file, path)) { CanWrite = !isShared || FollowedFiles.IsWritable(process, number) };
        if (((Protection)a.Third & Protection.Execute) != 0)
            _sites.Forget();
        _descriptors[number] = new FollowedDescriptor(file, opened, path);
        _context.Log?.WriteOpen(process, number, path);
        return opened;
    }

    private CallResult? Break(in FollowedArguments a, CallResult kernel)
    {
        if (!_knowsBreak)
        {
            // The first answer says where in its last page the heap ends.
            _knowsBreak = true;
            if (a.First < Engine.BreakStart.Value)
                Engine.AdoptBreak(Engine.BreakStart, kernel.Address);
        }

        bool isRefused = a.First != kernel.Address.Value && Engine.Break(VirtualAddress.Zero) == kernel && a.First >= Engine.BreakStart.Value;
        return isRefused ? null : Engine.Break(new VirtualAddress(a.First));
    }

    /// <summary>mremap, to where the kernel has moved it.</summary>
    private CallResult? Remap(in CallExit exit, in FollowedArguments a)
    {
        var flags = (RemapFlags)a.Fourth;
        var to = new VirtualAddress(a.Fifth);
        CallResult kernel = exit.Result;
        if (kernel.IsError)
            return Engine.Remap(new VirtualAddress(a.First), new ByteLength(a.Second), new ByteLength(a.Third), flags, to);
        if (!flags.HasFlag(RemapFlags.Fixed))
        {
            bool isMoved = kernel.Address.Value != a.First;
            var destination = new AddressRange(kernel.Address, new ByteLength(a.Third).RoundUpToPages() ?? default);
            if (isMoved && Engine.FindHole(destination) != destination)
                return Errno.AlreadyExists;
            flags = isMoved ? flags | RemapFlags.Fixed : flags & ~RemapFlags.MayMove;
            to = kernel.Address;
        }

        return flags.HasFlag(RemapFlags.Fixed)
            ? Move(exit, a, flags, to)
            : Engine.Remap(new VirtualAddress(a.First), new ByteLength(a.Second), new ByteLength(a.Third), flags, to);
    }

    private static Difference? CompareResults(in FollowedArguments a, CallResult kernel, CallResult engine)
    {
        bool agree = engine == kernel || (a.Number == SystemCallNumber.Map && engine.Raw == kernel.Raw);
        return agree ? null : new Difference("the results", engine.ToString(), kernel.ToString());
    }

    private Difference? CompareAround(in CallExit exit, in FollowedArguments a)
    {
        if (++_callsSinceFullComparison >= CallsPerFullComparison)
            return Compare(Everything);
        FollowedRanges before = a.RangesBefore(Engine);
        foreach (AddressRange range in before)
        {
            if (Compare(range) is { } difference)
                return difference;
        }

        foreach (AddressRange range in a.RangesAfter(exit.Result))
        {
            if (!before.Contains(range) && Compare(range) is { } difference)
                return difference;
        }

        return null;
    }

    /// <summary>True for errors that arguments and mappings alone do not explain: limits, permissions, files, signals.</summary>
    private static bool IsDecidedElsewhere(Errno error) => error is not (Errno.None or Errno.InvalidArgument or Errno.BadAddress or Errno.AlreadyExists);
}
