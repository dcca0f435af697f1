using PageShift.Abi;
using PageShift.Linux.Processes;
using PageShift.Mappings;
using PageShift.Units;

namespace PageShift.Verification.Lockstep;

/// <summary>One mapping as one side shows it, reduced to what both can tell.</summary>
/// <param name="Range">Where it is.</param>
/// <param name="Protection">What may be done with it.</param>
/// <param name="IsShared">True when writes reach the object.</param>
/// <param name="FileOffset">The offset in the object, in bytes; 0 without one.</param>
/// <param name="Object">Which object it shows, on the engine's side; null for none.</param>
/// <param name="File">Which file it shows, on the kernel's side.</param>
/// <param name="Flags">All flags, when they were asked for.</param>
internal readonly record struct ObservedMapping(
    AddressRange Range, Protection Protection, bool IsShared, ulong FileOffset, MemoryObject? Object, KernelFile File, VmFlags? Flags)
{
    /// <summary>True when it shows an object or a file.</summary>
    internal bool HasFile => Object is not null || !File.IsNone;

    /// <summary>A mapping of the engine's.</summary>
    internal static ObservedMapping Of(in Mapping mapping, VmFlags? flags = null) => new(
        mapping.Range,
        mapping.Protection,
        mapping.Flags.HasFlag(VmFlags.MayShare),
        mapping.File is null ? 0 : mapping.PageOffset.Value << PageSize.Shift,
        mapping.File?.Object,
        default,
        flags);

    /// <summary>A mapping of the kernel's.</summary>
    internal static ObservedMapping Of(in KernelMapping mapping) =>
        new(mapping.Range, mapping.Protection, mapping.IsShared, mapping.FileOffset, null, KernelFile.Of(mapping), mapping.Flags);

    /// <summary>The mapping in the style of a line of /proc/PID/maps, with the flags that this shows not.</summary>
    public override string ToString()
    {
        string access = string.Concat(
            Protection.HasFlag(Protection.Read) ? "r" : "-",
            Protection.HasFlag(Protection.Write) ? "w" : "-",
            Protection.HasFlag(Protection.Execute) ? "x" : "-",
            IsShared ? "s" : "p");
        string file = HasFile ? $" offset 0x{FileOffset:x}" : "";
        return Flags is { } flags ? $"{Range} {access}{file} [{flags}]" : $"{Range} {access}{file}";
    }
}
