using PageShift.Abi;
using PageShift.AddressSpaces;

namespace PageShift.SystemCalls;

internal sealed class SealCall() : RangeCall(SystemCallNumber.Seal, "mseal", CallEffect.Changes, new CallParameter("flags", ArgumentForm.Number))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "flags"];

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.SealLocked(a.First, a.Second, a.Third);
}
