using PageShift.Abi;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>Calls that succeeded: they are made to end where the log says that they ended.</content>
public sealed partial class LogExecutor
{
    private const MapFlags InferredFlags = MapFlags.Anonymous | MapFlags.FixedNoReplace;
    private const ulong NoDescriptor = ulong.MaxValue;

    private readonly List<Mapping> _joined = []; // by JoinSource

    private static bool TryGetAddress(in CallRecord record, out ulong address)
    {
        bool known = record.Outcome.State == CallOutcomeState.Value;
        address = known ? (ulong)record.Outcome.Value : 0;
        return known;
    }

    /// <summary>Makes a call that succeeded in the log, so that it ends where the log says. What the engine refuses is adopted all the same.</summary>
    /// <returns>The engine's result.</returns>
    private CallResult FollowSuccess(LogProcess process, in CallRecord record, SystemCallDescription description, out bool isAdopted)
    {
        isAdopted = false;
        CallArguments a = process.LargePages.Rounded(record.Call);
        bool isKnown = record.Outcome.State == CallOutcomeState.Value;
        if (isKnown)
            Infer(process, description.Presupposed(a), description.PresupposedKind(a));
        if (record.Call.Number == SystemCallNumber.InCore)
            return process.InCore(a);
        if (description.Descriptor(a) is >= 0 and int descriptor)
            process.Infer(descriptor, record.FilePath);
        if (isKnown && record.Call.Number == SystemCallNumber.Remap && process.GuessesIdentities && _follower is null)
            JoinSource(process, a);
        CallResult result;
        bool populatesAtOnce = false;
        if (description.ReturnsAddress && TryGetAddress(record, out ulong address))
        {
            if (!process.MayDiffer.IsEmpty)
                MakeRoom(process, record.Call with { Arguments = a }, address);
            bool isFree = record.Call.Number != SystemCallNumber.Remap || IsFreePlace(process, a, address);
            a = description.PlacedAt(a, new VirtualAddress(address), replaces: false);
            a = description.Following(process.Space, a, new CallResult(record.Outcome.Value));
            populatesAtOnce = record.Call.Number == SystemCallNumber.Map && PopulatesAtOnce(process, a);
            if (populatesAtOnce)
                a = a with { Fourth = (a.Fourth | (ulong)MapFlags.Populate) & ~(ulong)MapFlags.NonBlock };
            result = isFree ? Apply(process, record.Call with { Arguments = a }) : Errno.AlreadyExists;
        }
        else
        {
            if (isKnown)
                a = description.Following(process.Space, a, new CallResult(record.Outcome.Value));
            result = Apply(process, record.Call with { Arguments = a });
        }

        if (isKnown && result.Raw != record.Outcome.Value)
        {
            isAdopted = true;
            Adopt(process, record, description, ref result);
        }
        else if (!result.IsError && !populatesAtOnce)
        {
            Populate(process, description.MadeAccessible(a, result));
        }

        return result;
    }

    /// <summary>Makes one mapping of what an mremap that succeeded can only have found as one. Whether neighbours merge depends on which had private pages, and that is assumed.</summary>
    private void JoinSource(LogProcess process, in CallArguments remap)
    {
        AddressRange source = WholeSourceOf(process, remap);
        if (source.IsEmpty)
            return;
        _joined.Clear();
        process.Space.CopyMappings(source, _joined);
        for (int i = 1; i < _joined.Count; i++)
            _ = process.Space.TryAdoptMerge(_joined[i].Start);
    }

    /// <summary>What an mremap needs to find in one mapping; empty for one that takes several.</summary>
    private static AddressRange WholeSourceOf(LogProcess process, in CallArguments remap)
    {
        var flags = (RemapFlags)remap.Fourth;
        bool isHinted = (flags & (RemapFlags.DontUnmap | RemapFlags.Fixed)) == RemapFlags.DontUnmap;
        ulong whole = remap.Third > remap.Second || isHinted ? remap.Second
            : remap.Third < remap.Second && flags.HasFlag(RemapFlags.Fixed) ? remap.Third
            : 0;
        return CallRanges.Of(remap.First, PageSize.RoundUpWrapping(whole)).Intersect(process.UserSpace);
    }

    /// <summary>True when an mremap can have ended at an address that it was not told: the place is its own, or was free.</summary>
    private static bool IsFreePlace(LogProcess process, in CallArguments remap, ulong address)
    {
        if (((RemapFlags)remap.Fourth & RemapFlags.Fixed) != 0 || address == remap.First)
            return true;
        AddressRange place = CallRanges.Of(address, PageSize.RoundUpWrapping(remap.Third));
        return process.Space.FindHole(place) == place;
    }

    /// <summary>True for a private writable mapping whose pages the call itself can make present: one step instead of three.</summary>
    private bool PopulatesAtOnce(LogProcess process, in CallArguments map) =>
        AssumesAll(process)
        && ((Protection)map.Third & Protection.Write) != 0
        && ((MapFlags)map.Fourth & MapFlags.TypeMask) == MapFlags.Private
        && map.Second <= LargestPopulatedHere
        && !MayAssume(new ByteLength(map.Second));

    /// <summary>True for so many pages that it pays to make them present only when something looks at them. A follower is shown each call that populates.</summary>
    private bool MayAssume(ByteLength length) => length >= _options.AssumedFrom && _follower is null;

    /// <summary>False for a process whose log says which pages are present.</summary>
    private bool AssumesAll(LogProcess process) => _options.Populate == PopulateAssumption.All && !process.StatesPresence;

    /// <summary>The pseudo-calls memset and memread: make the pages present as a write or a read does.</summary>
    private CallResult Touch(LogProcess process, ulong address, ulong length, Advice advice)
    {
        if (_options.Populate == PopulateAssumption.None || length == 0)
            return CallResult.Success;
        ulong start = address & ~(PageSize.Bytes - 1);
        return Apply(process, SystemCallNumber.Advise, start, unchecked(address + length - start), (ulong)advice);
    }

    /// <summary>absent: no page is present, and from here on the log says which are.</summary>
    private CallResult BeginStatingPresence(LogProcess process, in SystemCall absent)
    {
        if (!process.StatesPresence)
            _counts.StatedSpaces++;
        process.StatesPresence = true;
        return process.Target.Execute(absent).Result;
    }

    /// <summary>Maps what a call that succeeded must have found mapped, and the log has neither made nor unmapped.</summary>
    private void Infer(LogProcess process, AddressRange range, MapFlags kind)
    {
        while (!range.IsEmpty && process.Space.FindHole(range) is { } hole)
        {
            for (AddressRange unknown = process.KnownHoles.FirstOutside(hole); !unknown.IsEmpty; unknown = process.KnownHoles.FirstOutside(new AddressRange(unknown.End, hole.End)))
            {
                MapUnseen(process, unknown, kind);
                _counts.InferredMappings++;
                _counts.InferredBytes += unknown.Length.Value << Machine.Scale;
            }

            range = new AddressRange(hole.End, range.End);
        }
    }

    /// <summary>Maps memory that was there although no call of the log made it, whatever the limits are by now.</summary>
    private void MapUnseen(LogProcess process, AddressRange range, MapFlags kind)
    {
        var limits = process.LiftLimits();
        Apply(process, SystemCallNumber.Map, range.Start.Value, range.Length.Value, (ulong)(Protection.Read | Protection.Write), (ulong)(InferredFlags | kind), NoDescriptor);
        process.SetLimits(limits);
        Populate(process, range);
    }

    /// <summary>Makes present what is private and writable of a range.</summary>
    private void Populate(LogProcess process, AddressRange range)
    {
        if (range.IsEmpty || !AssumesAll(process))
            return;
        range = new AddressRange(range.Start.PageStart, range.End.AlignUp(PageSize.Length));
        _found.Clear();
        process.Space.CopyMappings(range, _found);
        foreach (Mapping mapping in _found)
        {
            if ((mapping.Flags & (VmFlags.Write | VmFlags.Shared)) != VmFlags.Write)
                continue;
            AddressRange part = mapping.Range.Intersect(range);
            if (part.Length.Value > LargestPopulatedHere)
                _counts.LeftUnpopulated++;
            else if (MayAssume(part.Length) && (mapping.Flags & VmFlags.HugePage) == 0 && process.Space.IsUntouched(part))
                process.Target.Assume(part);
            else
                Apply(process, SystemCallNumber.Advise, part.Start.Value, part.Length.Value, (ulong)Advice.PopulateWrite);
        }
    }

    private CallResult Apply(LogProcess process, SystemCallNumber number, ulong first, ulong second, ulong third, ulong fourth = 0, ulong fifth = 0) =>
        Apply(process, new SystemCall(number, new CallArguments(first, second, third, fourth, fifth)));
}
