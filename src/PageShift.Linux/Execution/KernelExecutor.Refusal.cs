using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <content>Which calls are not run, judged from their arguments alone.</content>
public sealed partial class KernelExecutor
{
    private const ulong LockFuture = 2;

    private Refusal Judge(SystemCallNumber number, in CallArguments a)
    {
        if (SystemCallTable.Find(number) is not { IsModelled: true } call || !call.ConcernsMemory(a)) return Refusal.UnknownCall;
        if (call.IsOnShared && _shared is null) return Refusal.ReachesOthers;
        CallRanges ranges = call.RangesBefore(a, Surroundings.BreakStart);
        foreach (AddressRange range in ranges)
        {
            // What is done to all mappings does the host no harm.
            if (!ranges.IsAll && TouchesHost(range.Start.Value, range.Length.Value)) return Refusal.TouchesHost;
        }

        // Pages that are only looked at may be anyone's; those that the answer is written to may not.
        ulong output = call.OutputBytes(a);
        if (output != 0 && TouchesHost(a.Third, output) && !IsInScratch(a.Third, output)) return Refusal.TouchesHost;
        // An unprivileged process gets EPERM; a privileged one takes memory away from the machine.
        if (number == SystemCallNumber.Advise && _options.KeepCapabilities && (Advice)a.Third is Advice.HardwarePoison or Advice.SoftOffline) return Refusal.HarmsMachine;
        return JudgePopulated(call, a);
    }

    private Refusal JudgePopulated(SystemCallDescription call, in CallArguments a)
    {
        // Without capabilities RLIMIT_MEMLOCK bounds it, and the kernel's refusal is what the caller came for.
        if (call.Effect == CallEffect.Locks && !_options.KeepCapabilities) return Refusal.None;
        // A range longer than the address space fails before it populates anything.
        ulong bytes = call.PopulatedBytes(a, Surroundings.BreakStart, _locksFutureMappings);
        return bytes > _options.MostPopulatedBytes.Value && bytes <= ProcessReader.TaskEnd ? Refusal.PopulatesTooMuch : Refusal.None;
    }

    private void NoteFutureLocks(SystemCallNumber number, ulong flags, CallResult result)
    {
        if (result.IsError) return;
        if (number == SystemCallNumber.LockAll) _locksFutureMappings = (flags & LockFuture) != 0;
        if (number == SystemCallNumber.UnlockAll) _locksFutureMappings = false;
    }

    // mlock rounds the start down, every call rounds the length up. A range that wraps is an error to every call.
    private static bool TouchesHost(ulong start, ulong length)
    {
        if (length == 0) return false;
        ulong end = unchecked(start + length);
        return end > start && start < HostLayout.End && unchecked(end + (PageSize.Bytes - 1)) > HostLayout.CodeAddress;
    }

    private bool IsInScratch(ulong start, ulong length) =>
        start >= Scratch.Start.Value && start <= Scratch.End.Value && length <= Scratch.End.Value - start;
}
