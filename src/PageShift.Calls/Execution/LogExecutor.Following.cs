using PageShift.Abi;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

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

    /// <summary>A memory call, so that it ends where the log says. When results are verified, a place that Linux could not have chosen, as it is taken, is not forced.</summary>
    private CallResult Make(LogProcess process, in CallRecord record, SystemCallDescription description)
    {
        Adopt(process, record, description);
        CallArguments a = record.Call.Arguments;
        if (description.OutputBytes(a) != 0)
            return CallResult.Success; // the log shows what it gave; nothing changes
        if (record.Call.Number == SystemCallNumber.Break && LearnsBreak(process, record))
            return new CallResult(record.Outcome.Value);
        if (description.Descriptor(a) is >= 0 and int descriptor)
            process.Infer(descriptor);
        if (description.ReturnsAddress && TryGetAddress(record, out ulong address))
        {
            RefuseBeyond(process, address, 0);
            a = description.PlacedAt(a, new VirtualAddress(address), replaces: !_options.Verify);
        }

        bool populatesAtOnce = record.Call.Number == SystemCallNumber.Map && PopulatesAtOnce(process, a);
        if (populatesAtOnce)
            a = a with { Fourth = (a.Fourth | (ulong)MapFlags.Populate) & ~(ulong)MapFlags.NonBlock };
        CallResult result = Apply(process, record.Call with { Arguments = a });
        if (!result.IsError && !populatesAtOnce)
            Populate(process, description.MadeAccessible(a, result, process.Space.BreakStart));
        return result;
    }

    /// <summary>True for a private writable mapping whose pages the call itself can make present: one step instead of three.</summary>
    private bool PopulatesAtOnce(LogProcess process, in CallArguments map) =>
        AssumesAll(process)
        && ((Protection)map.Third & Protection.Write) != 0
        && ((MapFlags)map.Fourth & MapFlags.TypeMask) == MapFlags.Private
        && map.Second <= LargestPopulatedHere;

    /// <summary>False for a process whose log says which pages are present.</summary>
    private bool AssumesAll(LogProcess process) => _options.Populate == PopulateAssumption.All && !process.StatesPresence;

    /// <summary>True for the first answer of brk, which says where the break is; the heap below it, if there is any, the log did not make.</summary>
    private static bool LearnsBreak(LogProcess process, in CallRecord record)
    {
        if (process.KnowsBreak || !TryGetAddress(record, out ulong address))
            return false;
        process.KnowsBreak = true;
        process.Space.SetBreakStart(new VirtualAddress(address));
        return true;
    }

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
            Statistics.StatedSpaces++;
        process.StatesPresence = true;
        return process.Target.Execute(absent).Result;
    }

    /// <summary>Adopts what a call that succeeded must have found mapped, and the log never made.</summary>
    private void Adopt(LogProcess process, in CallRecord record, SystemCallDescription description)
    {
        if (record.Outcome.State != CallOutcomeState.Value)
            return;
        AddressRange range = description.Presupposed(record.Call.Arguments);
        RefuseBeyond(process, range.Start.Value, range.Length.Value);
        while (!range.IsEmpty && process.Space.FindHole(range) is { } hole)
        {
            Apply(process, SystemCallNumber.Map, hole.Start.Value, hole.Length.Value, (ulong)(Protection.Read | Protection.Write), (ulong)InferredFlags, NoDescriptor);
            Statistics.InferredMappings++;
            Statistics.InferredBytes += hole.Length.Value << Machine.Scale;
            Populate(process, hole);
            range = new AddressRange(hole.End, range.End);
        }
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
                Statistics.LeftUnpopulated++;
            else
                Apply(process, SystemCallNumber.Advise, part.Start.Value, part.Length.Value, (ulong)Advice.PopulateWrite);
        }
    }

    private CallResult Apply(LogProcess process, SystemCallNumber number, ulong first, ulong second, ulong third, ulong fourth = 0, ulong fifth = 0) =>
        Apply(process, new SystemCall(number, new CallArguments(first, second, third, fourth, fifth)));
}
