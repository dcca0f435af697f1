namespace PageShift.Calls;

/// <summary>What is known of a call's effect on address spaces.</summary>
internal enum CallStanding : byte
{
    /// <summary>A name that is no system call, a number that is none known here, or a clone3 whose flags the log does not show. Its effect is not known.</summary>
    Unknown,

    /// <summary>A known system call that leaves mappings alone.</summary>
    Other,

    /// <summary>A known system call that changes mappings in a way that is not modelled, such as io_setup.</summary>
    Unmodelled,

    /// <summary>A call that the execution of a log makes.</summary>
    Modelled,
}
