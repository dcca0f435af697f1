using PageShift.Abi;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    private const ExecutionDenial KnownDenials = ExecutionDenial.RefuseGain | ExecutionDenial.NoInherit;

    /// <summary>What the process may do, and has asked for with prctl. Set it while no call runs.</summary>
    internal ProcessControls Controls
    {
        get => _state.Controls;
        set => _state.Controls = value;
    }

    /// <summary>prctl, of the options that concern memory.</summary>
    internal CallResult ControlLocked(ControlOption option, ulong second, ulong third, ulong fourth, ulong fifth) => option switch
    {
        ControlOption.SetExecutionDenial => (third | fourth | fifth) != 0 ? Errno.InvalidArgument : DenyExecution((ExecutionDenial)second),
        ControlOption.GetExecutionDenial => (second | third | fourth | fifth) != 0 ? Errno.InvalidArgument : new CallResult((long)Controls.Denial),
        ControlOption.SetLargePagesDisabled => (fourth | fifth) != 0 ? Errno.InvalidArgument : DisableLargePages(second != 0, (LargePageDisabling)third),
        ControlOption.GetLargePagesDisabled => (second | third | fourth | fifth) != 0 ? Errno.InvalidArgument : new CallResult((long)Controls.LargePages),
        _ => Errno.InvalidArgument,
    };

    // in this order                                          result
    // other bits; NO_INHERIT without the other bit           EINVAL
    // something else was asked for before                    EPERM
    private CallResult DenyExecution(ExecutionDenial denial)
    {
        if ((denial & ~KnownDenials) != 0 || denial == ExecutionDenial.NoInherit)
            return Errno.InvalidArgument;
        if (Controls.Denial != ExecutionDenial.None && Controls.Denial != denial)
            return Errno.OperationNotPermitted;
        Controls = Controls with { Denial = denial };
        return CallResult.Success;
    }

    /// <summary>EINVAL for an exception where nothing is disabled, and for other bits.</summary>
    private CallResult DisableLargePages(bool isDisabled, LargePageDisabling exception)
    {
        if ((exception & ~LargePageDisabling.ExceptAdvised) != 0 || (!isDisabled && exception != 0))
            return Errno.InvalidArgument;
        Controls = Controls with { LargePages = isDisabled ? LargePageDisabling.Disabled | exception : LargePageDisabling.None };
        return CallResult.Success;
    }
}
