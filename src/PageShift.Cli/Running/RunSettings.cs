using System.Diagnostics.CodeAnalysis;
using PageShift.Linux;
using PageShift.Moving;

namespace PageShift.Cli.Running;

/// <summary>What <c>run</c> was asked for.</summary>
internal sealed record RunSettings : LogSettings
{
    /// <param name="log">How the log is read and executed.</param>
    /// <param name="file">The log.</param>
    [SetsRequiredMembers]
    internal RunSettings(LogSettings log, string file)
        : base(log) => File = file;

    internal string File { get; }

    internal Executors On { get; init; }

    /// <summary>The version of the running kernel and the policy that fits it, when the calls are made there too.</summary>
    internal (KernelVersion Version, MovePolicy Policy)? Kernel { get; init; }

    internal bool Verify { get; init; }
}
