using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class BreakCall() : SystemCallDescription(SystemCallNumber.Break, "brk", CallEffect.Adds, new CallParameter("addr", ArgumentForm.Address))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["brk"];

    public override bool ReturnsAddress => true;

    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) =>
        arguments.First == 0 ? default : new CallRanges(CallRanges.Of(breakStart.Value, HeapOf(arguments.First, breakStart) + 1));

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => locksFuture ? HeapOf(arguments.First, breakStart) : 0;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.BreakLocked(a.First);

    private static ulong HeapOf(ulong end, VirtualAddress breakStart) => end > breakStart.Value ? end - breakStart.Value : 0;
}
