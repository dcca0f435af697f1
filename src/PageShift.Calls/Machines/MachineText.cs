using System.Globalization;

namespace PageShift.Calls.Machines;

/// <summary>Machines in words.</summary>
internal static class MachineText
{
    /// <summary>A machine: "arm64 with pages of 64 KiB and addresses of 48 bits".</summary>
    internal static string Of(Machine machine)
    {
        string name = ArchitectureName.Of(machine.Architecture);
        return machine.Is32Bit
            ? string.Create(CultureInfo.InvariantCulture, $"{name} with pages of {MachineShapes.SizeOf(machine.PageShift)} and addresses below 0x{machine.Limit32:x}")
            : string.Create(CultureInfo.InvariantCulture, $"{name} with pages of {MachineShapes.SizeOf(machine.PageShift)} and addresses of {machine.AddressBits} bits");
    }
}
