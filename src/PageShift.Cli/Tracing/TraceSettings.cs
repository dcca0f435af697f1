using System.Globalization;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Tracing;

/// <summary>What <c>trace</c> was asked for.</summary>
internal sealed record TraceSettings
{
    /// <summary>The program and its arguments: those to start, or those with which <see cref="Process"/> was started.</summary>
    internal required IReadOnlyList<string> Command { get; init; }

    /// <summary>The process to follow that runs already, if that was asked for.</summary>
    internal int? Process { get; init; }

    /// <summary>For how long; null for until the user ends it.</summary>
    internal TimeSpan? For { get; init; }

    /// <summary>What is traced, as a line of a shell.</summary>
    internal string Subject => Process is { } process
        ? string.Create(CultureInfo.InvariantCulture, $"-p {process}{(Command.Count == 0 ? "" : $" ({string.Join(' ', Command)})")}")
        : string.Join(' ', Command);

    /// <summary>Where the report goes; standard error when null.</summary>
    internal string? ReportFile { get; init; }

    /// <summary>Where the calls go as a log, if anywhere.</summary>
    internal string? LogFile { get; init; }

    /// <summary>True gives the moves that leave their destination to the kernel a congruent one.</summary>
    internal bool PlacesCongruent { get; init; }

    /// <summary>The running kernel, whose counters are read around each move; null where that was not asked for, or is not possible.</summary>
    internal RunningKernel? Kernel { get; init; }

    /// <summary>Why it is not possible, where it was asked for.</summary>
    internal string? WhyNoKernel { get; init; }

    internal bool IsJson { get; init; }

    /// <summary>How many moves the text shows.</summary>
    internal int Top { get; init; }

    /// <summary>True adds the moves up by their stacks, in place of one by one.</summary>
    internal bool IsBySite { get; init; }

    /// <summary>True shows every shown move with its table.</summary>
    internal bool IsWhole { get; init; }
}
