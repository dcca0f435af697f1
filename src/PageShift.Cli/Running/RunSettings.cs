using PageShift.Calls.Execution;
using PageShift.Linux;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Running;

/// <summary>What <c>run</c> was asked for.</summary>
internal sealed record RunSettings
{
    internal required string File { get; init; }

    internal required IReadOnlyList<MovePolicy> Policies { get; init; }

    internal required MovePolicy Executing { get; init; }

    internal Executors On { get; init; }

    /// <summary>The version of the running kernel and the policy that fits it, when the calls are made there too.</summary>
    internal (KernelVersion Version, MovePolicy Policy)? Kernel { get; init; }

    /// <summary>The shape of the page tables.</summary>
    internal required PagingGeometry Geometry { get; init; }

    internal required PopulateAssumption Populate { get; init; }

    internal bool Verify { get; init; }

    internal bool Lenient { get; init; }
}
