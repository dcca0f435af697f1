namespace PageShift.Cli.Tracing;

/// <summary>What <c>trace</c> was asked for.</summary>
internal sealed record TraceSettings
{
    /// <summary>The program and its arguments.</summary>
    internal required IReadOnlyList<string> Command { get; init; }

    /// <summary>Where the report goes; standard error when null.</summary>
    internal string? ReportFile { get; init; }

    /// <summary>Where the calls go as a log, if anywhere.</summary>
    internal string? LogFile { get; init; }

    internal bool IsJson { get; init; }

    /// <summary>How many moves the text shows.</summary>
    internal int Top { get; init; }
}
