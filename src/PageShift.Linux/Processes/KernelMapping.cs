using PageShift.Abi;

namespace PageShift.Linux;

/// <summary>One mapping as the kernel shows it. The [vsyscall] page, which is not a mapping, is left out.</summary>
/// <param name="Range">Where it is.</param>
/// <param name="Protection">What may be done with it now.</param>
/// <param name="IsShared">True for a shared mapping.</param>
/// <param name="FileOffset">The offset in the file, in bytes; 0 without a file.</param>
/// <param name="DeviceMajor">The file's device.</param>
/// <param name="DeviceMinor">The file's device.</param>
/// <param name="Inode">The file's inode number; 0 without a file.</param>
/// <param name="Flags">All flags, when they were asked for.</param>
/// <param name="Name">The file's path or the kernel's own name for the mapping ("[heap]", "[vdso]"), as the kernel writes it; empty when it has none, null when
/// names were not asked for.</param>
public readonly record struct KernelMapping(
    AddressRange Range, Protection Protection, bool IsShared, ulong FileOffset,
    uint DeviceMajor, uint DeviceMinor, ulong Inode, VmFlags? Flags = null, string? Name = null);
