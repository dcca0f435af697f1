using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class RemapFilePagesCall : SystemCallDescription
{
    internal RemapFilePagesCall()
        : base(SystemCallNumber.RemapFilePages, "remap_file_pages", CallEffect.Changes,
            new CallParameter("addr", ArgumentForm.Address),
            new CallParameter("size", ArgumentForm.Length),
            new CallParameter("prot", ArgumentForm.Flags, FlagNames.Protection) { IsOfAnotherCall = true },
            new CallParameter("pgoff", ArgumentForm.Count),
            new CallParameter("flags", ArgumentForm.Flags, FlagNames.Map) { IsOfAnotherCall = true })
    {
    }

    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "size", "prot", "pgoff", "flags"];

    /// <summary>Whole pages: what is not one is left off at both ends.</summary>
    public override AddressRange Presupposed(in CallArguments arguments) => CallRanges.Of(arguments.First & ~(PageSize.Bytes - 1), arguments.Second & ~(PageSize.Bytes - 1));

    public override MapFlags PresupposedKind(in CallArguments arguments) => MapFlags.Shared;

    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => new(Presupposed(arguments));

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => arguments.Second;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.RemapFilePagesLocked(a.First, a.Second, a.Third, a.Fourth, a.Fifth);
}
