namespace PageShift.Calls;

/// <summary>How a log is read.</summary>
public sealed record CallLogOptions
{
    /// <summary>The name that errors and warnings give for the log; "-" stands for standard input.</summary>
    public string FileName { get; init; } = "-";

    /// <summary>Whether a line that names a call which changes memory, and can't be read, is counted as a warning and passed over, instead of being an error.</summary>
    public bool Lenient { get; init; }

    /// <summary>Whether a line that is no call is an error, instead of being counted and passed over. Not together with <see cref="Lenient"/>.</summary>
    public bool Strict { get; init; }
}
