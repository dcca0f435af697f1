using PageShift.Linux.Processes;

namespace PageShift.Verification.Lockstep;

/// <summary>Which file a mapping shows, by the numbers that /proc/PID/maps tells.</summary>
internal readonly record struct KernelFile(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    internal static KernelFile Of(in KernelMapping mapping) => new(mapping.DeviceMajor, mapping.DeviceMinor, mapping.Inode);

    /// <summary>Anonymous private memory, and the kernel's own mappings.</summary>
    internal bool IsNone => this == default; // an inode may have number 0
}
