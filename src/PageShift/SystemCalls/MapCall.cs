using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class MapCall : SystemCallDescription
{
    internal MapCall()
        : base(SystemCallNumber.Map, "mmap", CallEffect.Adds,
            new CallParameter("addr", ArgumentForm.Address),
            new CallParameter("length", ArgumentForm.Length),
            new CallParameter("prot", ArgumentForm.Flags, FlagNames.Protection),
            new CallParameter("flags", ArgumentForm.Flags, FlagNames.Map),
            new CallParameter("fd", ArgumentForm.FileDescriptor),
            new CallParameter("offset", ArgumentForm.Offset))
    {
    }

    public override IReadOnlyList<string> TracepointNames { get; } = ["addr", "len", "prot", "flags", "fd", "off"];

    public override bool ReturnsAddress => true;

    public override bool IsModelledWith(in CallArguments arguments) => !Has(arguments, MapFlags.HugeTlb);

    public override CallRanges Examined(in CallArguments arguments) =>
        (Has(arguments, MapFlags.Fixed) || Has(arguments, MapFlags.FixedNoReplace)) && !Has(arguments, MapFlags.HugeTlb) ? Pages(arguments.First, arguments.Second) : CallRanges.All;

    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) =>
        Has(arguments, MapFlags.Fixed) && !Has(arguments, MapFlags.FixedNoReplace) ? new CallRanges(CallRanges.Of(arguments.First, arguments.Second)) : default;

    public override CallRanges RangesAfter(in CallArguments arguments, CallResult result) =>
        result.IsError ? default : new CallRanges(CallRanges.Of((ulong)result.Raw, arguments.Second));

    public override AddressRange MadeAccessible(in CallArguments arguments, CallResult result) => CallRanges.Of((ulong)result.Raw, arguments.Second);

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) =>
        locksFuture || Has(arguments, MapFlags.Locked) || (Has(arguments, MapFlags.Populate) && !Has(arguments, MapFlags.NonBlock)) ? arguments.Second : 0;

    public override int? Descriptor(in CallArguments arguments) => Has(arguments, MapFlags.Anonymous) ? null : (int)arguments.Fifth;

    public override CallArguments PlacedAt(in CallArguments arguments, VirtualAddress address, bool replaces)
    {
        if (Has(arguments, MapFlags.Fixed) || Has(arguments, MapFlags.FixedNoReplace))
            return arguments;
        MapFlags placing = replaces ? MapFlags.Fixed : MapFlags.FixedNoReplace;
        return arguments with { First = address.Value, Fourth = (arguments.Fourth | (ulong)placing) & ~(ulong)MapFlags.Below2GiB };
    }

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.MapDescriptor(a.First, a.Second, a.Third, a.Fourth, (int)a.Fifth, a.Sixth);

    private static bool Has(in CallArguments arguments, MapFlags flag) => (arguments.Fourth & (ulong)flag) != 0;
}
