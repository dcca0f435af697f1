using PageShift.Abi;
using PageShift.AddressSpaces;

namespace PageShift.SystemCalls;

/// <summary>prctl, which is many calls in one. Those that name mappings are known, and decide what merges; most have nothing to do with memory.</summary>
internal sealed class ControlCall() : SystemCallDescription(SystemCallNumber.ControlProcess, "prctl", CallEffect.Hides,
    new CallParameter("option", ArgumentForm.Value, FlagNames.Control),
    new CallParameter("arg2", ArgumentForm.Number, FlagNames.ExecutionDenial) { IsOfAnotherCall = true }, // of one of the options
    new CallParameter("arg3", ArgumentForm.Number, FlagNames.LargePageDisabling) { IsOfAnotherCall = true }, // of another
    new CallParameter("arg4", ArgumentForm.Number) { IsOptional = true },
    new CallParameter("arg5", ArgumentForm.Number) { IsOptional = true })
{
    /// <summary>The register is an int to the kernel.</summary>
    private static ControlOption Option(in CallArguments arguments) => (ControlOption)(int)arguments.First;

    public override bool IsModelledWith(in CallArguments arguments) => Enum.IsDefined(Option(arguments));

    public override bool ConcernsMemory(in CallArguments arguments) => IsModelledWith(arguments);

    public override CallRanges Examined(in CallArguments arguments) => default;

    /// <summary>What was set before anybody looked is known once it has been asked for.</summary>
    public override CallArguments Following(AddressSpace space, in CallArguments arguments, CallResult result)
    {
        if (Option(arguments) == ControlOption.GetExecutionDenial)
            space.Controls = space.Controls with { Denial = (ExecutionDenial)result.Raw };
        else if (Option(arguments) == ControlOption.GetLargePagesDisabled)
            space.Controls = space.Controls with { LargePages = (LargePageDisabling)result.Raw };
        return arguments;
    }

    internal override CallResult Make(AddressSpace space, in CallArguments a) => space.ControlLocked(Option(a), a.Second, a.Third, a.Fourth, a.Fifth);
}
