using PageShift.SystemCalls;

namespace PageShift.Calls.Names;

/// <summary>The arguments of a call as text: what describes them, made ready for reading and writing.</summary>
internal sealed class CallSignature
{
    public CallSignature(params IEnumerable<CallParameter> parameters)
    {
        Described = [.. parameters];
        Parameters = [.. Described.Select(parameter => new LogParameter(parameter))];
        RequiredCount = Parameters.Count(parameter => !parameter.IsOptional);
    }

    /// <summary>What describes the arguments.</summary>
    public CallParameter[] Described { get; }

    /// <summary>The arguments, in order.</summary>
    public LogParameter[] Parameters { get; }

    /// <summary>How many must stand.</summary>
    public int RequiredCount { get; }
}

/// <summary>One argument of a call as text.</summary>
internal sealed class LogParameter
{
    public LogParameter(CallParameter parameter)
    {
        Form = parameter.Form;
        IsOptional = parameter.IsOptional;
        Names = parameter.Values is { } values ? new FlagSet(values) : null;
        Expected = parameter.Form switch
        {
            ArgumentForm.Address => "an address",
            ArgumentForm.Length => "a length",
            ArgumentForm.Offset => "an offset",
            ArgumentForm.FileDescriptor => "a file descriptor",
            ArgumentForm.Identifier => "an identifier",
            ArgumentForm.Vector => "an address or the bytes of a vector",
            _ => Names?.Expected ?? "a number",
        };
    }

    public ArgumentForm Form { get; }

    public bool IsOptional { get; }

    /// <summary>The names that it may hold; null where it is a plain number.</summary>
    public FlagSet? Names { get; }

    /// <summary>What a syntax error says was expected.</summary>
    public string Expected { get; }
}
