using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

internal class ProtectCall : RangeCall
{
    internal ProtectCall()
        : this(SystemCallNumber.Protect, "mprotect")
    {
    }

    private protected ProtectCall(SystemCallNumber number, string name, params CallParameter[] others)
        : base(number, name, CallEffect.Protects, [new CallParameter("prot", ArgumentForm.Flags, FlagNames.Protection) { IsOfAnotherCall = number != SystemCallNumber.Protect }, .. others])
    {
    }

    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "prot"];

    public override MapFlags PresupposedKind(in CallArguments arguments) =>
        (arguments.Third & (ulong)Protection.GrowsDown) != 0 ? MapFlags.Private | MapFlags.GrowsDown : MapFlags.Private;

    public override AddressRange MadeAccessible(in CallArguments arguments, CallResult result) => CallRanges.Of(arguments.First, arguments.Second);

    public override ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => locksFuture ? arguments.Second : 0;

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.ProtectLocked(a.First, a.Second, a.Third, AddressSpace.AnyProtectionKey);
}

internal sealed class ProtectWithKeyCall() : ProtectCall(SystemCallNumber.ProtectWithKey, "pkey_mprotect", new CallParameter("pkey", ArgumentForm.Signed))
{
    public override IReadOnlyList<string> TracepointNames { get; } = ["start", "len", "prot", "pkey"];

    public override bool IsModelledWith(in CallArguments arguments) => (int)arguments.Fourth == AddressSpace.AnyProtectionKey;

    /// <summary>Without the key: that it succeeded elsewhere says that it was allocated there, which no call does here.</summary>
    public override CallArguments Following(AddressSpace space, in CallArguments arguments, CallResult result) =>
        result.IsError || ((int)arguments.Fourth == AddressSpace.DefaultProtectionKey && space.Options.ProtectionKeys) ? arguments : arguments with { Fourth = ulong.MaxValue };

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.ProtectLocked(a.First, a.Second, a.Third, (int)a.Fourth);
}
