using PageShift.Abi;
using PageShift.AddressSpaces;

namespace PageShift.SystemCalls;

internal sealed class SyncCall() : RangeCall(SystemCallNumber.Sync, "msync", CallEffect.None, new CallParameter("flags", ArgumentForm.Flags, FlagNames.Sync))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "flags"];

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.SyncLocked(a.First, a.Second, (SyncFlags)a.Third);
}
