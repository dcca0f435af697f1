using System.Diagnostics.CodeAnalysis;
using PageShift.Verification.Kernels;

namespace PageShift.Cli.Running;

/// <summary>What <c>run</c> was asked for.</summary>
internal sealed record RunSettings : LogSettings
{
    /// <param name="log">How the log is read and executed.</param>
    /// <param name="files">The log: one file, or those of one recording.</param>
    [SetsRequiredMembers]
    internal RunSettings(LogSettings log, params IReadOnlyList<string> files)
        : base(log) => Files = files;

    /// <summary>The log: one file, or those of one recording.</summary>
    internal IReadOnlyList<string> Files { get; }

    /// <summary>What the log is called.</summary>
    internal string File => Files.Count == 1 ? Files[0] : $"{Files[0]} and {Files.Count - 1} more";

    internal Executors On { get; init; }

    /// <summary>The running kernel, when the calls are made there too.</summary>
    internal RunningKernel? Kernel { get; init; }

    internal bool Verify { get; init; }
}
