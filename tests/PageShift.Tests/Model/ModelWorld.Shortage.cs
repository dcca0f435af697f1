using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Translation;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Calls while physical memory is short.</summary>
internal sealed partial class ModelWorld
{
    /// <summary>Makes a call that takes all or nothing with no allocation allowed, then with one, and so on, until memory suffices. Each failure must leave space and bytes as they
    /// were. (Mappings may have been split, which the oracle does not see.) Calls that may stop half-way are made as usual.</summary>
    /// <returns>How often it failed.</returns>
    internal int RunShortOfMemory(in ModelCall call)
    {
        if (!TakesAllOrNothing(call))
        {
            Run(call);
            return 0;
        }

        int failures = 0;
        while (!TryRunWith(call, failures))
        {
            failures++;
            Compare();
        }

        Compare();
        return failures;
    }

    /// <summary>Makes the call with so many allocations allowed. False when they were too few; the oracle has not seen the call then.</summary>
    private bool TryRunWith(in ModelCall call, int allocations)
    {
        _trail.Begin(call);
        ModelProcess process = _processes[call.Process];
        _memory.AllocationsUntilFailure = allocations;
        try
        {
            switch (call.Kind)
            {
                case PseudoCall.MemorySet:
                    return TryWritePage(process, call.Arguments.First);
                case SystemCallNumber.Clone:
                    if (!process.Space.TryFork(out AddressSpace? child))
                        return false;
                    AddChild(process, child);
                    return true;
                default:
                    CallResult actual = Make(process, call);
                    if (actual.Error == Errno.OutOfMemory && _memory.AllocationsUntilFailure == 0)
                        return false; // or it is the rules' ENOMEM: the next attempt, with an allocation left over, tells
                    Confirm(process, call, actual);
                    return true;
            }
        }
        finally
        {
            _memory.AllocationsUntilFailure = -1;
        }
    }

    private bool TryWritePage(ModelProcess process, ulong page)
    {
        Span<byte> bytes = stackalloc byte[(int)PageSize.Bytes];
        ulong stamp = NextStamp();
        PageStamp.Fill(bytes, stamp);
        AccessFault actual = process.Processor.TryWrite(new VirtualAddress(page), bytes, out _);
        if (actual == AccessFault.OutOfMemory)
            return false;
        AccessFault expected = process.Oracle.Write(page, stamp);
        return actual == expected ? true : throw new OracleMismatchException($"The write at 0x{page:x} ended with {actual}, not {expected}.");
    }

    /// <summary>True for calls on one mapping that can fail for lack of memory only before they change anything that the oracle sees.</summary>
    private bool TakesAllOrNothing(in ModelCall call)
    {
        CallArguments a = call.Arguments;
        ModelProcess process = _processes[call.Process];
        switch (call.Kind)
        {
            case PseudoCall.MemorySet:
                return a.First < _layout.UserLimit;
            case SystemCallNumber.Clone:
                return _processes.Count < MostProcesses;
            case SystemCallNumber.Unmap or PseudoCall.RelocateDown:
                return true;
            case SystemCallNumber.Protect or SystemCallNumber.Advise:
                return (call.Kind == SystemCallNumber.Protect || (Advice)a.Third == Advice.DontNeed) && IsInOneMapping(process, a.First, a.Second);
            case SystemCallNumber.Remap:
                bool isFixed = ((RemapFlags)a.Fourth).HasFlag(RemapFlags.Fixed);
                return IsInOneMapping(process, a.First, Math.Max(a.Second, 1))
                    && (!isFixed || (a.Third >= a.Second && !process.Oracle.Regions.Any(region => region.Start < a.Fifth + a.Third && region.End > a.Fifth)));
            default:
                return false;
        }
    }

    private static bool IsInOneMapping(ModelProcess process, ulong start, ulong length) => process.Space.GetMappings().Any(
        mapping => start >= mapping.Start.Value && start < mapping.End.Value && length <= mapping.End.Value - start && !mapping.Flags.HasFlag(VmFlags.Locked));
}
