using PageShift.AddressSpaces;
using PageShift.Calls.Machines;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>How a log is executed.</summary>
public sealed record LogExecutorOptions
{
    /// <summary>What each address space of the log is made with.</summary>
    public AddressSpaceOptions Space { get; init; } = new();

    /// <summary>The machine that the log is from. It decides about the shape of the page tables, whatever <see cref="Space"/> has, unless it is the usual one.</summary>
    internal Machine Machine { get; init; } = Machine.Usual;

    /// <summary>Which pages are taken to be present.</summary>
    public PopulateAssumption Populate { get; init; } = PopulateAssumption.All;

    /// <summary>Of how many bytes on a range is populated only when a call looks at its pages. Nothing else depends on it.</summary>
    internal ByteLength AssumedFrom { get; init; } = ByteLength.FromMiB(1);

    /// <summary>True to compare every result with what stands behind the log's '='.</summary>
    public bool Verify { get; init; }
}
