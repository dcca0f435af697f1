using PageShift.Abi;

namespace PageShift.Linux;

/// <content>Which calls are not run, judged from their arguments alone.</content>
public sealed partial class KernelExecutor
{
    private const ulong LockFuture = 2;
    private const ulong EntriesPerTable = 512;

    private Refusal Judge(SystemCallNumber number, in CallArguments a) => number switch
    {
        SystemCallNumber.Map => JudgeMap(a),
        SystemCallNumber.Unmap or SystemCallNumber.Seal => TouchesHost(a.First, a.Second) ? Refusal.TouchesHost : Refusal.None,
        SystemCallNumber.Protect or SystemCallNumber.ProtectWithKey => TouchesHost(a.First, a.Second) ? Refusal.TouchesHost : JudgeIfLocked(a.Second),
        SystemCallNumber.Advise => JudgeAdvise(a),
        SystemCallNumber.Lock or SystemCallNumber.Lock2 or SystemCallNumber.Unlock => JudgeLock(number, a),
        SystemCallNumber.Remap => JudgeRemap(a),
        SystemCallNumber.InCore => JudgeInCore(a),
        SystemCallNumber.Break => a.First > Surroundings.BreakStart.Value ? JudgeIfLocked(a.First - Surroundings.BreakStart.Value) : Refusal.None,
        SystemCallNumber.Sync or SystemCallNumber.LockAll or SystemCallNumber.UnlockAll => Refusal.None,
        _ => Refusal.UnknownCall,
    };

    private Refusal JudgeMap(in CallArguments a)
    {
        var flags = (MapFlags)a.Fourth;
        // FIXED_NOREPLACE fails where anything is mapped, and without either the address is a hint.
        if (flags.HasFlag(MapFlags.Fixed) && !flags.HasFlag(MapFlags.FixedNoReplace) && TouchesHost(a.First, a.Second)) return Refusal.TouchesHost;
        bool populates = flags.HasFlag(MapFlags.Locked) || (flags.HasFlag(MapFlags.Populate) && !flags.HasFlag(MapFlags.NonBlock));
        return populates ? JudgePopulated(a.Second) : JudgeIfLocked(a.Second);
    }

    private Refusal JudgeRemap(in CallArguments a)
    {
        bool fixedDestination = ((RemapFlags)a.Fourth).HasFlag(RemapFlags.Fixed);
        // An old length that is 0, also after it was rounded up, makes a second view of what is mapped there.
        ulong oldLength = unchecked(a.Second + (PageSize.Bytes - 1)) < PageSize.Bytes ? 1 : a.Second;
        if (TouchesHost(a.First, oldLength) || (fixedDestination && TouchesHost(a.Fifth, a.Third))) return Refusal.TouchesHost;
        return JudgeIfLocked(a.Third);
    }

    // The range is only read; the vector, a byte per page, is written.
    private Refusal JudgeInCore(in CallArguments a)
    {
        ulong vectorBytes = unchecked(a.Second + (PageSize.Bytes - 1)) >> PageSize.Shift;
        return TouchesHost(a.Third, vectorBytes) && !IsInScratch(a.Third, vectorBytes) ? Refusal.TouchesHost : Refusal.None;
    }

    private Refusal JudgeAdvise(in CallArguments a)
    {
        if (TouchesHost(a.First, a.Second)) return Refusal.TouchesHost;
        return (Advice)a.Third switch
        {
            Advice.PopulateRead or Advice.PopulateWrite => JudgePopulated(a.Second),
            // A guard page takes an entry of 8 bytes and no page.
            Advice.GuardInstall => JudgePopulated(a.Second / EntriesPerTable),
            // An unprivileged process gets EPERM; a privileged one takes memory away from the machine.
            Advice.HardwarePoison or Advice.SoftOffline when _options.KeepCapabilities => Refusal.HarmsMachine,
            _ => Refusal.None,
        };
    }

    private Refusal JudgeLock(SystemCallNumber number, in CallArguments a)
    {
        if (TouchesHost(a.First, a.Second)) return Refusal.TouchesHost;
        // Without capabilities RLIMIT_MEMLOCK bounds it, and the kernel's refusal is what the caller came for.
        return number != SystemCallNumber.Unlock && _options.KeepCapabilities ? JudgePopulated(a.Second) : Refusal.None;
    }

    // After mlockall(MCL_FUTURE) whatever is mapped or made accessible is faulted in.
    private Refusal JudgeIfLocked(ulong length) => _locksFutureMappings ? JudgePopulated(length) : Refusal.None;

    private Refusal JudgePopulated(ulong length)
    {
        // A range longer than the address space fails before it populates anything.
        return length > _options.MostPopulatedBytes.Value && length <= HostLayout.TaskEnd ? Refusal.PopulatesTooMuch : Refusal.None;
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
