using PageShift.Abi;

namespace PageShift.Verification;

/// <summary>One mapping as one side shows it, reduced to what both can tell.</summary>
/// <param name="Range">Where it is.</param>
/// <param name="Protection">What may be done with it.</param>
/// <param name="IsShared">True when writes reach the object.</param>
/// <param name="FileOffset">The offset in the object, in bytes; 0 without one.</param>
/// <param name="FileKey">Which object it shows, by a number that only the same side's other mappings share; 0 for none.</param>
/// <param name="Flags">All flags, when they were asked for.</param>
internal readonly record struct ObservedMapping(
    AddressRange Range, Protection Protection, bool IsShared, ulong FileOffset, ulong FileKey, VmFlags? Flags)
{
    /// <summary>The mapping in the style of a line of /proc/PID/maps, with the flags that this shows not.</summary>
    public override string ToString()
    {
        string access = string.Concat(
            Protection.HasFlag(Protection.Read) ? "r" : "-",
            Protection.HasFlag(Protection.Write) ? "w" : "-",
            Protection.HasFlag(Protection.Execute) ? "x" : "-",
            IsShared ? "s" : "p");
        string file = FileKey == 0 ? "" : $" offset 0x{FileOffset:x}";
        return Flags is { } flags ? $"{Range} {access}{file} [{flags}]" : $"{Range} {access}{file}";
    }
}
