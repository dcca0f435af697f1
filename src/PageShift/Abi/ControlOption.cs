namespace PageShift.Abi;

/// <summary>What prctl is asked for, with the kernel's values, where it concerns memory. Source: <c>include/uapi/linux/prctl.h</c> (values).</summary>
internal enum ControlOption
{
    /// <summary>PR_SET_THP_DISABLE: no large pages.</summary>
    SetLargePagesDisabled = 41,

    /// <summary>PR_GET_THP_DISABLE.</summary>
    GetLargePagesDisabled = 42,

    /// <summary>PR_SET_MDWE: no memory that is writable becomes executable.</summary>
    SetExecutionDenial = 65,

    /// <summary>PR_GET_MDWE.</summary>
    GetExecutionDenial = 66,
}

/// <summary>What PR_SET_MDWE asks for, with the kernel's bits.</summary>
[Flags]
internal enum ExecutionDenial : ulong
{
    /// <summary>Nothing is refused.</summary>
    None = 0,

    /// <summary>PR_MDWE_REFUSE_EXEC_GAIN: a mapping can't be made writable and executable, nor become executable.</summary>
    RefuseGain = 1,

    /// <summary>PR_MDWE_NO_INHERIT: children of fork, and programs that are executed, are free of it.</summary>
    NoInherit = 2,
}

/// <summary>What PR_SET_THP_DISABLE takes and PR_GET_THP_DISABLE returns, with the kernel's bits.</summary>
[Flags]
internal enum LargePageDisabling : ulong
{
    /// <summary>Large pages as the system has them.</summary>
    None = 0,

    /// <summary>No large pages.</summary>
    Disabled = 1,

    /// <summary>PR_THP_DISABLE_EXCEPT_ADVISED: none but where madvise asked for them.</summary>
    ExceptAdvised = 2,
}
