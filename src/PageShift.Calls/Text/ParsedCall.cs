using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>What the text of one call holds.</summary>
internal struct ParsedCall
{
    public CallKind Kind;

    public CallArguments Arguments;

    public CallOutcome Outcome;

    public bool IsInjected;

    /// <summary>The name, of calls that are not modelled; else null.</summary>
    public string? Name;

    public string? FilePath;

    public long? DurationNanoseconds;
}
