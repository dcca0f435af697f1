using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class RemapCall : SystemCallDescription
{
    internal RemapCall()
        : base(SystemCallNumber.Remap, "mremap", CallEffect.Moves,
            new CallParameter("old_address", ArgumentForm.Address),
            new CallParameter("old_size", ArgumentForm.Length),
            new CallParameter("new_size", ArgumentForm.Length),
            new CallParameter("flags", ArgumentForm.Flags, FlagNames.Remap),
            new CallParameter("new_address", ArgumentForm.Address) { IsOptional = true })
    {
    }

    public override IReadOnlyList<string> TracepointNames { get; } = ["addr", "old_len", "new_len", "flags", "new_addr"];

    public override bool ReturnsAddress => true;

    public override bool MayMove(in CallArguments arguments) =>
        Has(arguments, RemapFlags.MayMove)
        && arguments.Second != 0
        && (arguments.First & (PageSize.Bytes - 1)) == 0
        && (Has(arguments, RemapFlags.Fixed) || Has(arguments, RemapFlags.DontUnmap) || arguments.Third > arguments.Second);

    public override AddressRange Presupposed(in CallArguments arguments) => PagesOf(arguments.First, Math.Max(Math.Min(arguments.Second, arguments.Third), 1));

    public override MapFlags PresupposedKind(in CallArguments arguments) => PageSize.RoundUpWrapping(arguments.Second) == 0 ? MapFlags.Shared : MapFlags.Private;

    public override CallRanges Examined(in CallArguments arguments)
    {
        bool isFixed = Has(arguments, RemapFlags.Fixed);
        bool searches = !isFixed && Has(arguments, RemapFlags.MayMove) && (Has(arguments, RemapFlags.DontUnmap) || arguments.Third > arguments.Second);
        ulong length = Math.Max(Math.Max(arguments.Second, arguments.Third), 1);
        return searches ? CallRanges.All : Pages(arguments.First, length, arguments.Fifth, isFixed ? arguments.Third : 0);
    }

    /// <summary>An old length of 0, also after rounding up, makes a second view of what is mapped there.</summary>
    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => new(
        CallRanges.Of(arguments.First, unchecked(arguments.Second + (PageSize.Bytes - 1)) < PageSize.Bytes ? 1 : arguments.Second),
        Has(arguments, RemapFlags.Fixed) ? CallRanges.Of(arguments.Fifth, arguments.Third) : default);

    public override CallRanges RangesAfter(in CallArguments arguments, CallResult result) =>
        result.IsError ? default : new CallRanges(CallRanges.Of((ulong)result.Raw, arguments.Third));

    public override AddressRange MadeAccessible(in CallArguments arguments, CallResult result) =>
        PageSize.RoundUpWrapping(arguments.Second) is var old && arguments.Third > old ? CallRanges.Of((ulong)result.Raw + old, arguments.Third - old) : default;

    public override int UsedArguments(in CallArguments arguments) => Has(arguments, RemapFlags.Fixed) || Has(arguments, RemapFlags.DontUnmap) ? 5 : 4;

    public override bool ShowsOptional(in CallArguments arguments) => Has(arguments, RemapFlags.MayMove) && Has(arguments, RemapFlags.Fixed);

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => locksFuture ? arguments.Third : 0;

    public override CallArguments PlacedAt(in CallArguments arguments, VirtualAddress address, bool replaces)
    {
        if (Has(arguments, RemapFlags.Fixed))
            return arguments;
        if (address.Value != arguments.First)
            return arguments with { Fourth = arguments.Fourth | (ulong)RemapFlags.Fixed, Fifth = address.Value };
        return Has(arguments, RemapFlags.DontUnmap) ? arguments : arguments with { Fourth = arguments.Fourth & ~(ulong)RemapFlags.MayMove };
    }

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.RemapLocked(a.First, a.Second, a.Third, a.Fourth, a.Fifth);

    private static bool Has(in CallArguments arguments, RemapFlags flag) => (arguments.Fourth & (ulong)flag) != 0;
}
