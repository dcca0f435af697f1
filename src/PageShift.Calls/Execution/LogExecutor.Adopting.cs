using PageShift.Abi;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Calls that succeeded in the log and that the engine refuses: the space has to stand as the log says, so that what follows does not fall over it.</content>
public sealed partial class LogExecutor
{
    /// <summary>Does what a call did in the log: makes it once more without what may have been in its way, and if it is refused again, changes the mappings by hand.</summary>
    /// <param name="process">Whose call it is.</param>
    /// <param name="record">The call.</param>
    /// <param name="description">What is known of it.</param>
    /// <param name="result">What the engine had returned. Success, when that came of a wrong guess at the file behind a descriptor.</param>
    private void Adopt(LogProcess process, in CallRecord record, SystemCallDescription description, ref CallResult result)
    {
        CallArguments a = record.Call.Arguments;
        for (AddressRange range = description.Presupposed(a).Intersect(process.UserSpace); !range.IsEmpty && process.Space.FindHole(range) is { } hole; range = new AddressRange(hole.End, range.End))
            MapUnseen(process, hole, description.PresupposedKind(a));
        bool wasGuess = description.Descriptor(a) is { } descriptor && process.GuessAgain(descriptor);
        var address = new VirtualAddress((ulong)record.Outcome.Value);
        var outcome = new CallResult(record.Outcome.Value);
        if (description.ReturnsAddress)
            a = description.PlacedAt(a, address, replaces: !wasGuess);
        if (record.Call.Number == SystemCallNumber.Remap && outcome.Raw == (long)a.First)
            TakeAway(process, Pages(process, a.First + PageSize.RoundUpWrapping(a.Second), a.Third > a.Second ? a.Third - a.Second : 0));

        var limits = process.LiftLimits();
        CallResult again = Apply(process, record.Call with { Arguments = a });
        process.SetLimits(limits);
        if (again.Raw != outcome.Raw)
            Force(process, record, address);
        else if (wasGuess)
            result = again;
        process.LearnHoles(description, record.Call.Arguments, record.Outcome);
        Populate(process, description.MadeAccessible(a, outcome));
    }

    private void Force(LogProcess process, in CallRecord record, VirtualAddress address)
    {
        CallArguments a = record.Call.Arguments;
        switch (record.Call.Number)
        {
            case SystemCallNumber.Map:
                ForceMapping(process, a, address);
                break;
            case SystemCallNumber.Unmap:
                TakeAway(process, Pages(process, a.First, a.Second));
                break;
            case SystemCallNumber.Protect or SystemCallNumber.ProtectWithKey:
                process.Space.AdoptAccess(Pages(process, a.First, a.Second), (Protection)a.Third);
                break;
            case SystemCallNumber.Remap:
                ForceMove(process, a, address);
                break;
        }
    }

    private void ForceMapping(LogProcess process, in CallArguments a, VirtualAddress address)
    {
        bool isLarge = (a.Fourth & (ulong)MapFlags.HugeTlb) != 0;
        ulong pageBytes = isLarge ? process.LargePages.BytesOf(a.Fourth, Machine.Scale) : PageSize.Bytes;
        AddressRange range = Pages(process, address.Value, PageSize.RoundUpWrapping(a.Second, pageBytes));
        OpenFile? file = null;
        if ((a.Fourth & (ulong)MapFlags.Anonymous) == 0 && (int)a.Fifth >= 0)
            file = process.Infer((int)a.Fifth);
        bool isShared = (MapFlags)(a.Fourth & (ulong)MapFlags.TypeMask) is MapFlags.Shared or MapFlags.SharedValidate;
        VmFlags flags = FlagsOf((Protection)a.Third, isShared) | (isLarge ? VmFlags.HugeTlb : VmFlags.None);
        if (isLarge)
            process.LargePages.Note(range, pageBytes);
        Put(process, range, flags, file, file is null ? null : new PageCount(a.Sixth >> PageSize.Shift));
        if (isLarge && AssumesAll(process) && !isShared)
            _ = process.Target.Execute(new SystemCall(PseudoCall.Present, new CallArguments(range.Start.Value, range.Length.Value, process.Space.Geometry.Span(PageTableLevel.Pmd).Value)));
    }

    private void ForceMove(LogProcess process, in CallArguments a, VirtualAddress address)
    {
        AddressRange source = Pages(process, a.First, a.Second);
        AddressRange destination = Pages(process, address.Value, a.Third);
        _found.Clear();
        process.Space.CopyMappings(new AddressRange(source.Start, PageSize.Length), _found);
        VmFlags flags = _found.Count == 0 ? FlagsOf(Protection.Read | Protection.Write, isShared: false) : _found[0].Flags & ~VmFlags.Sealed;
        OpenFile? file = _found.Count == 0 ? null : _found[0].File;
        PageCount? offset = file is null ? null : _found[0].PageOffsetAt(source.Start);
        if (((RemapFlags)a.Fourth & RemapFlags.DontUnmap) == 0)
            TakeAway(process, source);
        Put(process, destination, flags, file, offset);
    }

    /// <summary>Maps a range, in place of what is there.</summary>
    private void Put(LogProcess process, AddressRange range, VmFlags flags, OpenFile? file, PageCount? pageOffset)
    {
        if (range.IsEmpty)
            return;
        RemoveMappings(process, range);
        process.Space.AdoptMapping(range, flags, file, pageOffset);
        MapFlags type = (flags & VmFlags.Shared) != 0 ? MapFlags.Shared : MapFlags.Private;
        var standIn = new CallArguments(range.Start.Value, range.Length.Value, (ulong)(flags & VmFlags.AccessMask), (ulong)(type | MapFlags.Anonymous | MapFlags.Fixed), NoDescriptor);
        if (!_isTrying)
            _follower?.Called(_logged, process.Space, new SystemCall(SystemCallNumber.Map, standIn), range.Start);
    }

    private void TakeAway(LogProcess process, AddressRange range)
    {
        if (range.IsEmpty)
            return;
        RemoveMappings(process, range);
        if (!_isTrying)
            _follower?.Called(_logged, process.Space, new SystemCall(SystemCallNumber.Unmap, new CallArguments(range.Start.Value, range.Length.Value)), CallResult.Success);
    }

    private static void RemoveMappings(LogProcess process, AddressRange range)
    {
        process.Space.AdoptHole(range);
        process.Target.Forget(range);
    }

    /// <summary>The pages of user space in a range. None where it does not begin with a page: what no kernel can have done is not done.</summary>
    private static AddressRange Pages(LogProcess process, ulong start, ulong length) =>
        new VirtualAddress(start).IsPageAligned ? CallRanges.Of(start, PageSize.RoundUpWrapping(length)).Intersect(process.UserSpace) : default;

    private static VmFlags FlagsOf(Protection protection, bool isShared)
    {
        VmFlags flags = ((VmFlags)protection & VmFlags.AccessMask) | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute;
        if (isShared)
            return flags | VmFlags.Shared | VmFlags.MayShare;
        return (flags & VmFlags.Write) != 0 ? flags | VmFlags.Account : flags;
    }

    // brk returns where the break is, and never an error:
    //
    //   in the log          the break is there from then on         the engine's answer is another
    //   what was asked for  the heap reaches up to it               a divergence
    //   something else      and the heap stays as it was            a divergence, if the engine has the break elsewhere;
    //                                                               else it was refused for a limit, or for a mapping that the log does not show
    private RecordOutcome FollowBreak(LogProcess process, in CallRecord record, SystemCallDescription description)
    {
        CallArguments a = record.Call.Arguments;
        if (!TryGetAddress(record, out ulong end))
            return Judge(record, Apply(process, record.Call));
        if (!process.KnowsBreak)
        {
            // The first answer says where the break is; the heap below it, if there is any, the log did not make.
            process.KnowsBreak = true;
            process.Space.SetBreakStart(new VirtualAddress(end));
            return new(RecordFate.Executed);
        }

        ulong before = (ulong)process.Space.Break(VirtualAddress.Zero).Raw;
        if (end != a.First)
        {
            if (end != before)
            {
                process.Space.SetBreakStart(new VirtualAddress(end)); // another program's heap
                return Judge(record, new CallResult((long)before));
            }

            if (a.First < process.Space.BreakStart.Value)
                return new(RecordFate.Executed); // the question where it is
            CallResult rehearsed = process.Rehearse(record.Call, description, capabilities: null);
            return rehearsed.Raw == record.Outcome.Value ? new(RecordFate.Executed) : Excuse(Errno.OutOfMemory, UnshownCauses.LimitOrMapping, RecordFate.Executed);
        }

        CallResult result = Apply(process, record.Call);
        if (result.Raw != (long)end)
            AdoptBreak(process, before, end);
        Populate(process, Grown(before, end));
        process.KnownHoles.Add(CallRanges.Of(PageSize.RoundUpWrapping(end), before > end ? PageSize.RoundUpWrapping(before) - PageSize.RoundUpWrapping(end) : 0));
        return Judge(record, result);
    }

    /// <summary>The pages that the heap has got.</summary>
    private static AddressRange Grown(ulong before, ulong end)
    {
        ulong start = PageSize.RoundUpWrapping(before);
        return end > start ? CallRanges.Of(start, end - start) : default;
    }

    private void AdoptBreak(LogProcess process, ulong before, ulong end)
    {
        ulong start = Math.Min(process.Space.BreakStart.Value, end);
        (ulong from, ulong to) = (PageSize.RoundUpWrapping(before), PageSize.RoundUpWrapping(end));
        if (to > from)
            Put(process, Pages(process, from, to - from), FlagsOf(Protection.Read | Protection.Write, isShared: false), null, null);
        else
            TakeAway(process, Pages(process, to, from - to));
        process.Space.AdoptBreak(new VirtualAddress(start), new VirtualAddress(end));
    }
}
