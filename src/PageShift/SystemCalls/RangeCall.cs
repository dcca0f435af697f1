using PageShift.Abi;
using PageShift.Units;

namespace PageShift.SystemCalls;

/// <summary>A call on what is mapped in a range, which its first two arguments name.</summary>
internal abstract class RangeCall : SystemCallDescription
{
    private protected RangeCall(SystemCallNumber number, string name, CallEffect effect, params CallParameter[] others)
        : base(number, name, effect, [new CallParameter("addr", ArgumentForm.Address), new CallParameter("length", ArgumentForm.Length), .. others])
    {
    }

    public override AddressRange Presupposed(in CallArguments arguments) => PagesOf(arguments.First, arguments.Second);

    public override CallRanges Examined(in CallArguments arguments) => Pages(arguments.First, arguments.Second);

    public override CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) =>
        Effect == CallEffect.None ? default : new CallRanges(CallRanges.Of(arguments.First, arguments.Second));
}
