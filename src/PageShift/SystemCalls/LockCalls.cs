using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class LockCall() : RangeCall(SystemCallNumber.Lock, "mlock", CallEffect.Locks)
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len"];

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => arguments.Second;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.LockLocked(a.First, a.Second, LockFlags.None);
}

internal sealed class Lock2Call() : RangeCall(SystemCallNumber.Lock2, "mlock2", CallEffect.Locks, new CallParameter("flags", ArgumentForm.Flags, FlagNames.Lock))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "flags"];

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => arguments.Second;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.LockLocked(a.First, a.Second, (LockFlags)a.Third);
}

internal sealed class UnlockCall() : RangeCall(SystemCallNumber.Unlock, "munlock", CallEffect.Locks)
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len"];

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.UnlockLocked(a.First, a.Second);
}

internal sealed class LockAllCall() : SystemCallDescription(SystemCallNumber.LockAll, "mlockall", CallEffect.Locks, new CallParameter("flags", ArgumentForm.Flags, FlagNames.LockAll))
{
    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => CallRanges.All;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.LockAllLocked((LockAllFlags)a.First);
}

internal sealed class UnlockAllCall() : SystemCallDescription(SystemCallNumber.UnlockAll, "munlockall", CallEffect.Locks)
{
    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => CallRanges.All;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.UnlockAllLocked();
}
