using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal sealed class AdviseCall() : RangeCall(SystemCallNumber.Advise, "madvise", CallEffect.Changes, new CallParameter("advice", ArgumentForm.Value, FlagNames.Advice))
{
    private const ulong EntriesPerTable = 512;

    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len_in", "behavior"];

    /// <summary>What takes memory out of service is nothing that the engine does.</summary>
    public override bool IsModelledWith(in CallArguments arguments) => (Advice)arguments.Third is not (Advice.HardwarePoison or Advice.SoftOffline);

    public override bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) => IsModelledWith(arguments);

    public override bool LeavesMappings(in CallArguments arguments) => (Advice)arguments.Third
        is Advice.Cold or Advice.PageOut or Advice.PopulateRead or Advice.PopulateWrite or Advice.Collapse or Advice.HardwarePoison or Advice.SoftOffline;

    public override MapFlags PresupposedKind(in CallArguments arguments) => (Advice)arguments.Third == Advice.Remove ? MapFlags.Shared : MapFlags.Private;

    public override bool DependsOnPages(in CallArguments arguments) => (Advice)arguments.Third == Advice.Collapse;

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => (Advice)arguments.Third switch
    {
        Advice.PopulateRead or Advice.PopulateWrite => arguments.Second,
        Advice.GuardInstall => arguments.Second / EntriesPerTable, // an entry of 8 bytes for each page
        _ => 0,
    };

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.AdviseLocked(a.First, a.Second, (Advice)a.Third);
}
