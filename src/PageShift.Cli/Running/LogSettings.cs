using PageShift.AddressSpaces;
using PageShift.Calls.Execution;
using PageShift.Calls.Machines;
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

    /// <summary>What the options say of the machine that the log is from; null when they give the shape of the page tables, and the log's machine does not matter.</summary>
    internal MachineRequest? MachineRequest { get; init; } = new();

    /// <summary>The machine that the log is from, once it is known.</summary>
    internal Machine Machine { get; init; } = Machine.Usual;

    /// <summary>Which Linux the calls behave as.</summary>
    internal KernelProfile Profile { get; init; } = KernelProfile.Default;

    /// <summary>An address space as these settings have it. What fills in the pages of a log populates them, whatever its kernel could be asked for.</summary>
    internal AddressSpaceOptions Space => new() { Policy = Executing, Geometry = Geometry, Kernel = Profile with { HasPopulateAdvice = true } };

    internal required PopulateAssumption Populate { get; init; }

    /// <summary>Counts lines that can't be read as warnings.</summary>
    internal bool Lenient { get; init; }

    /// <summary>Refuses lines that are no calls, too.</summary>
    internal bool Strict { get; init; }
}
