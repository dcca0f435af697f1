using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;
using PageShift.Mappings;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Following;

/// <content>The comparison of the engine's mappings with the kernel's.</content>
internal sealed partial class FollowedSpace
{
    private const VmFlags DecidedByOpening = VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.MayShare | VmFlags.Shared;

    /// <summary>Compares the mappings in and beside a range.</summary>
    private Difference? Compare(AddressRange range)
    {
        if (range == Everything)
        {
            _callsSinceFullComparison = 0;
            _context.Statistics.FullComparisons++;
        }
        else
        {
            _context.Statistics.LocalComparisons++;
        }

        _kernel.Clear();
        AddressRange widened = Widened(range);
        if (!_reader.ReadMappings(widened, _kernel, enough: range.End))
            return null;
        // One that ends where the range does has not merged with the next, which no call on the range can have changed.
        bool isClosed = _kernel.Exists(m => m.Range.End == range.End);
        if (isClosed)
            _ = _kernel.RemoveAll(m => m.Range.Start >= range.End);
        return CompareWithRead(isClosed ? new AddressRange(widened.Start, range.End) : widened);
    }

    /// <summary>Compares everything, with all flags. The kernel walks all page tables for it.</summary>
    private Difference? CompareThoroughly()
    {
        _context.Statistics.FullComparisons++;
        _kernel.Clear();
        if (!_reader.ReadMappingsWithFlags(Everything, _kernel))
            return null;
        if (CompareWithRead(Everything) is { } difference)
            return difference;
        for (int i = 0; i < _engine.Count; i++)
        {
            if (!HasSameFlags(_engine[i], _kernel[i]))
                return new Difference("the flags of a mapping", ObservedMapping.Of(_engine[i], _engine[i].Flags).ToString(), ObservedMapping.Of(_kernel[i]).ToString());
        }

        return null;
    }

    private static bool HasSameFlags(in Mapping engine, in KernelMapping kernel)
    {
        VmFlags ignored = VmFlags.MayHaveGuards | (engine.File is null ? 0 : DecidedByOpening);
        return (engine.Flags & ~ignored) == (kernel.Flags!.Value & ~ignored);
    }

    private Difference? CompareWithRead(AddressRange range)
    {
        _kernelState.Mappings.Clear();
        foreach (KernelMapping mapping in _kernel)
            _kernelState.Mappings.Add(ObservedMapping.Of(mapping) with { Flags = null });
        while (true)
        {
            _engine.Clear();
            _engineState.Mappings.Clear();
            Engine.CopyMappings(range, _engine);
            foreach (Mapping mapping in _engine)
                _engineState.Mappings.Add(ObservedMapping.Of(mapping));
            int at = _comparison.FirstDifference(_engineState.Mappings, _kernelState.Mappings);
            if (at < 0)
                return null;
            if (at >= _engine.Count || at >= _kernel.Count || !TryAdopt(_engineState.Mappings[at], _kernelState.Mappings[at], at == 0))
                return SpaceComparison.DifferenceAt(at, _engineState.Mappings, _kernelState.Mappings);
        }
    }

    // Differences that are no divergence:
    //
    //   a stack that faults have extended        always: faults are not seen
    //   a boundary between two mappings alike    of a file: whether it was opened once or twice is not seen;
    //                                            of anonymous memory: where other threads fault, or mappings have names or policies
    /// <summary>Tells the engine what it can't know. False when the two differ in what it should know.</summary>
    private bool TryAdopt(in ObservedMapping engine, in ObservedMapping kernel, bool isFirst)
    {
        if (!engine.Range.Overlaps(kernel.Range) || !_comparison.ShowSame(engine, kernel))
            return false;
        if (kernel.Range.End == engine.Range.End && AdoptGrowth(engine.Range, kernel.Range.Start))
            return true;

        if (engine.Object is null && !IsConcurrent && !_hasHiddenState)
            return false;
        bool isAdopted = false;
        if (kernel.Range.Start == engine.Range.Start)
            isAdopted = kernel.Range.End < engine.Range.End ? Engine.TryAdoptSplit(kernel.Range.End) : Engine.TryAdoptMerge(engine.Range.End);
        else if (isFirst && kernel.Range.End == engine.Range.End)
            isAdopted = kernel.Range.Start > engine.Range.Start ? Engine.TryAdoptSplit(kernel.Range.Start) : Engine.TryAdoptMerge(engine.Range.Start);
        if (isAdopted)
        {
            _context.Statistics.HiddenBoundaries++;
            LogMappings(engine.Range);
        }

        return isAdopted;
    }

    /// <summary>Writes into the log where mappings begin and end now, of which no call tells.</summary>
    private void LogMappings(AddressRange range)
    {
        if (_context.Log is not { } log)
            return;
        foreach (Mapping mapping in Engine.GetMappings(range))
        {
            log.WriteMapping(ProcessId, mapping, mapping.File is null ? null : NameAt(mapping.Start));
            if (!mapping.Anon.IsNone)
                log.WriteState(ProcessId, new SystemCall(PseudoCall.AnonVma, new CallArguments(mapping.Start.Value)));
        }
    }

    private string? NameAt(VirtualAddress address)
    {
        var named = new List<KernelMapping>();
        _ = _reader.ReadMappingsWithNames(new AddressRange(address, PageSize.Length), named);
        return named.Count == 0 ? null : named[0].Name;
    }
}
