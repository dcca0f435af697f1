using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.PageTables;

namespace PageShift.Cli.Running;

/// <summary>How a log is read and executed, for every verb that does.</summary>
internal record LogSettings
{
    /// <summary>The policies that are shown.</summary>
    internal required IReadOnlyList<MovePolicy> Policies { get; init; }

    /// <summary>The policy that makes the moves.</summary>
    internal required MovePolicy Executing { get; init; }

    /// <summary>The shape of the page tables.</summary>
    internal required PagingGeometry Geometry { get; init; }

    internal required PopulateAssumption Populate { get; init; }

    /// <summary>Counts lines that can't be read as warnings.</summary>
    internal bool Lenient { get; init; }

    /// <summary>Refuses lines that are no calls, too.</summary>
    internal bool Strict { get; init; }
}
