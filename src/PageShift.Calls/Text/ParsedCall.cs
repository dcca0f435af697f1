using PageShift.Abi;

namespace PageShift.Calls.Text;

/// <summary>What the text of one call holds.</summary>
internal struct ParsedCall
{
    public SystemCallNumber Number;

    /// <summary>True when the execution of a log makes the call.</summary>
    public bool IsModelled;

    /// <summary>True for a clone whose flags are yet to come: old versions of strace write them when it returns.</summary>
    public bool LacksFlags;

    /// <summary>True for a call that only 32-bit programs make.</summary>
    public bool Is32Bit;

    public CallArguments Arguments;

    public CallOutcome Outcome;

    public bool IsInjected;

    /// <summary>The name, of calls that are not modelled; else null.</summary>
    public string? Name;

    public string? FilePath;

    public long? DurationNanoseconds;
}
