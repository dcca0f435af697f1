using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class InCoreCall() : RangeCall(SystemCallNumber.InCore, "mincore", CallEffect.None, new CallParameter("vec", ArgumentForm.Vector))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "vec"];

    /// <summary>A byte for each page.</summary>
    public override ulong OutputBytes(in CallArguments arguments) => unchecked(arguments.Second + (PageSize.Bytes - 1)) >> PageSize.Shift;

    public override CallRanges Examined(in CallArguments arguments) => Pages(arguments.First, arguments.Second, arguments.Third, OutputBytes(arguments));

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.InCoreThrough(a.First, a.Second, a.Third);
}
