using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class UnmapCall() : RangeCall(SystemCallNumber.Unmap, "munmap", CallEffect.Removes)
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["addr", "len"];

    /// <summary>Holes are no error.</summary>
    public override AddressRange Presupposed(in CallArguments arguments) => default;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.UnmapLocked(a.First, a.Second);
}
