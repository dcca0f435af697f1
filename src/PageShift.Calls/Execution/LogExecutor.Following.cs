using PageShift.Abi;
using PageShift.Mappings;

namespace PageShift.Calls.Execution;

/// <summary>How the calls of a log are made to end where the log says that they ended.</summary>
public sealed partial class LogExecutor
{
    private const MapFlags InferredFlags = MapFlags.Private | MapFlags.Anonymous | MapFlags.FixedNoReplace;
    private const ulong NoDescriptor = ulong.MaxValue;

    private static bool TryGetAddress(in CallRecord record, out ulong address)
    {
        bool known = record.Outcome.State == CallOutcomeState.Value;
        address = known ? (ulong)record.Outcome.Value : 0;
        return known;
    }

    /// <summary>mmap, at the address that the log says. When results are verified, a place that Linux could not have chosen, as it is taken, is not forced.</summary>
    private CallResult Map(TracedProcess process, in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        var flags = (MapFlags)a.Fourth;
        OpenFile? file = (flags & MapFlags.Anonymous) != 0 ? null : FileOf(process, (int)(long)a.Fifth);
        var hint = new VirtualAddress(a.First);
        bool placed = (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0;
        if (!placed && TryGetAddress(record, out ulong address))
        {
            hint = new VirtualAddress(address);
            flags |= _options.Verify ? MapFlags.FixedNoReplace : MapFlags.Fixed;
            flags &= ~MapFlags.Below2GiB;
        }

        if (PopulatesAtOnce(process, a))
            flags = (flags | MapFlags.Populate) & ~MapFlags.NonBlock;
        CallArguments placedAt = a with { First = hint.Value, Fourth = (ulong)flags };
        return Apply(process.Space, record.Call with { Arguments = placedAt }, file);
    }

    /// <summary>True for a private writable mapping whose pages the call itself can make present: one step instead of three.</summary>
    private bool PopulatesAtOnce(TracedProcess process, in CallArguments map) =>
        AssumesAll(process)
        && ((Protection)map.Third & Protection.Write) != 0
        && ((MapFlags)map.Fourth & MapFlags.TypeMask) == MapFlags.Private
        && map.Second <= LargestPopulated;

    /// <summary>False for a process whose log says which pages are present.</summary>
    private bool AssumesAll(TracedProcess process) => _options.Populate == PopulateAssumption.All && !process.StatesPresence;

    private static OpenFile? FileOf(TracedProcess process, int descriptor) => descriptor < 0 ? null : process.File(descriptor);

    /// <summary>mremap, to the address that the log says: a move to an address that the kernel chose is a move to a fixed one.</summary>
    private CallResult Remap(TracedProcess process, in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        var flags = (RemapFlags)a.Fourth;
        ulong to = a.Fifth;
        if ((flags & RemapFlags.Fixed) == 0 && TryGetAddress(record, out ulong address))
        {
            if (address != a.First)
            {
                flags |= RemapFlags.Fixed;
                to = address;
            }
            else if ((flags & RemapFlags.DontUnmap) == 0)
            {
                flags &= ~RemapFlags.MayMove;
            }
        }

        return Apply(process.Space, record.Call with { Arguments = a with { Fourth = (ulong)flags, Fifth = to } });
    }

    private CallResult Break(TracedProcess process, in CallRecord record)
    {
        if (!process.KnowsBreak && TryGetAddress(record, out ulong address))
        {
            // The first answer says where the break is; the heap below it, if there is any, the log did not make.
            process.KnowsBreak = true;
            process.Space.SetBreakStart(new VirtualAddress(address));
            return new VirtualAddress(address);
        }

        return Apply(process.Space, record.Call);
    }

    /// <summary>The pseudo-calls memset and memread: make the pages present as a write or a read does.</summary>
    private CallResult Touch(AddressSpace space, ulong address, ulong length, Advice advice)
    {
        if (_options.Populate == PopulateAssumption.None || length == 0)
            return CallResult.Success;
        ulong start = address & ~(PageSize.Bytes - 1);
        return Apply(space, CallKind.Advise, start, unchecked(address + length - start), (ulong)advice);
    }

    /// <summary>Adopts what a call that succeeded must have found mapped, and the log never made.</summary>
    private void Adopt(TracedProcess process, in CallRecord record)
    {
        if (record.Outcome.State != CallOutcomeState.Value)
            return;
        CallArguments a = record.Call.Arguments;
        ulong length = record.Call.Kind switch
        {
            CallKind.Protect or CallKind.ProtectWithKey or CallKind.Advise or CallKind.Lock or CallKind.Lock2 or CallKind.Unlock or CallKind.InCore or CallKind.Sync or CallKind.Seal => a.Second,
            CallKind.Remap => Math.Max(Math.Min(a.Second, a.Third), 1),
            _ => 0,
        };
        if (length == 0 || new ByteLength(length).RoundUpToPages() is not { } rounded)
            return;
        ulong at = a.First & ~(PageSize.Bytes - 1);
        ulong end = unchecked(at + rounded.Value);
        if (end > process.Space.Geometry.UserLimit.Value || end < at)
            return;
        if (record.Call.Kind == CallKind.Lock)
            end = Math.Max(end, (a.First + a.Second + PageSize.Bytes - 1) & ~(PageSize.Bytes - 1));
        while (at < end && process.Space.FindHole(new AddressRange(new VirtualAddress(at), new VirtualAddress(end))) is { } hole)
        {
            Apply(process.Space, CallKind.Map, hole.Start.Value, hole.Length.Value, (ulong)(Protection.Read | Protection.Write), (ulong)InferredFlags, NoDescriptor);
            Statistics.InferredMappings++;
            Statistics.InferredBytes += hole.Length.Value;
            Populate(process, hole);
            at = hole.End.Value;
        }
    }

    /// <summary>Makes present what a call has made private and writable.</summary>
    private void PopulateAfter(TracedProcess process, in CallRecord record, CallResult result)
    {
        if (!AssumesAll(process))
            return;
        AddressSpace space = process.Space;
        CallArguments a = record.Call.Arguments;
        (ulong start, ulong length) = record.Call.Kind switch
        {
            CallKind.Map when !PopulatesAtOnce(process, a) => ((ulong)result.Raw, a.Second),
            CallKind.Protect or CallKind.ProtectWithKey => (a.First, a.Second),
            CallKind.Remap when a.Third > a.Second => ((ulong)result.Raw, a.Third),
            CallKind.Break => (space.BreakStart.Value, unchecked((ulong)result.Raw - space.BreakStart.Value)),
            _ => (0UL, 0UL),
        };
        if (length == 0 || new ByteLength(length).RoundUpToPages() is not { } rounded)
            return;
        start &= ~(PageSize.Bytes - 1);
        Populate(process, new AddressRange(new VirtualAddress(start), rounded));
    }

    private void Populate(TracedProcess process, AddressRange range)
    {
        if (!AssumesAll(process))
            return;
        AddressSpace space = process.Space;
        _found.Clear();
        space.CopyMappings(range, _found);
        foreach (Mapping mapping in _found)
        {
            if ((mapping.Flags & (VmFlags.Write | VmFlags.Shared)) != VmFlags.Write)
                continue;
            AddressRange part = mapping.Range.Intersect(range);
            if (part.Length.Value > LargestPopulated)
                Statistics.LeftUnpopulated++;
            else
                Apply(space, CallKind.Advise, part.Start.Value, part.Length.Value, (ulong)Advice.PopulateWrite);
        }
    }

    private CallResult Apply(AddressSpace space, CallKind kind, ulong first, ulong second, ulong third, ulong fourth = 0, ulong fifth = 0) =>
        Apply(space, new SystemCall(kind, new CallArguments(first, second, third, fourth, fifth)));
}
