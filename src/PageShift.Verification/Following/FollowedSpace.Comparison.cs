using PageShift.Abi;
using PageShift.Calls.Execution;
using PageShift.Linux;
using PageShift.Mappings;

namespace PageShift.Verification;

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
        return _reader.ReadMappings(widened, _kernel) ? CompareWithRead(widened) : null;
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
            VmFlags ignored = VmFlags.MayHaveGuards | (_engine[i].File is null ? 0 : DecidedByOpening);
            if ((_engine[i].Flags & ~ignored) != (_kernel[i].Flags!.Value & ~ignored))
                return new Difference("the flags of a mapping", $"{Describe(_engine[i])} [{_engine[i].Flags}]", $"{Describe(_kernel[i])} [{_kernel[i].Flags}]");
        }

        return null;
    }

    private Difference? CompareWithRead(AddressRange range)
    {
        while (true)
        {
            _engine.Clear();
            Engine.CopyMappings(range, _engine);
            int at = FirstDifference();
            if (at < 0)
                return null;
            if (at >= _engine.Count || at >= _kernel.Count || !TryAdopt(_engine[at], _kernel[at], at == 0))
                return new Difference("the mappings", at < _engine.Count ? Describe(_engine[at]) : "nothing more", at < _kernel.Count ? Describe(_kernel[at]) : "nothing more");
        }
    }

    private int FirstDifference()
    {
        for (int i = 0; i < Math.Max(_engine.Count, _kernel.Count); i++)
        {
            if (i >= _engine.Count || i >= _kernel.Count || _engine[i].Range != _kernel[i].Range || !ShowSame(_engine[i], _kernel[i]))
                return i;
        }

        return -1;
    }

    /// <summary>True when both allow the same and show the same where they overlap.</summary>
    private bool ShowSame(in Mapping engine, in KernelMapping kernel) =>
        engine.Protection == kernel.Protection
        && engine.Flags.HasFlag(VmFlags.MayShare) == kernel.IsShared
        && _context.Files.IsSame(engine.File?.Object, KernelFile.Of(kernel))
        && (engine.File is null || unchecked((engine.PageOffset.Value << PageSize.Shift) - engine.Start.Value) == unchecked(kernel.FileOffset - kernel.Range.Start.Value));

    // Differences that are no divergence:
    //
    //   a stack that faults have extended        always: faults are not seen
    //   a boundary between two mappings alike    of a file: whether it was opened once or twice is not seen;
    //                                            of anonymous memory: where other threads fault, or mappings have names or policies
    /// <summary>Tells the engine what it can't know. False when the two differ in what it should know.</summary>
    private bool TryAdopt(in Mapping engine, in KernelMapping kernel, bool isFirst)
    {
        if (!engine.Range.Overlaps(kernel.Range) || !ShowSame(engine, kernel))
            return false;
        if (kernel.Range.End == engine.End && kernel.Range.Start < engine.Start && Engine.TryAdoptGrowth(engine.Start, kernel.Range.Start))
        {
            _context.Log?.WriteGrowth(ProcessId, new AddressRange(kernel.Range.Start, engine.Start), kernel.Protection);
            return true;
        }

        if (engine.File is null && !IsConcurrent && !_hasHiddenState)
            return false;
        bool isAdopted = false;
        if (kernel.Range.Start == engine.Start)
            isAdopted = kernel.Range.End < engine.End ? Engine.TryAdoptSplit(kernel.Range.End) : Engine.TryAdoptMerge(engine.End);
        else if (isFirst && kernel.Range.End == engine.End)
            isAdopted = kernel.Range.Start > engine.Start ? Engine.TryAdoptSplit(kernel.Range.Start) : Engine.TryAdoptMerge(engine.Start);
        if (isAdopted)
            _context.Statistics.HiddenBoundaries++;
        return isAdopted;
    }

    private static string Describe(in Mapping mapping) => new ObservedMapping(mapping.Range, mapping.Protection, mapping.Flags.HasFlag(VmFlags.MayShare),
        mapping.File is null ? 0 : mapping.PageOffset.Value << PageSize.Shift, mapping.File is null ? 0UL : 1, null).ToString();

    private static string Describe(in KernelMapping mapping) =>
        new ObservedMapping(mapping.Range, mapping.Protection, mapping.IsShared, mapping.FileOffset, mapping.Inode, null).ToString();
}
