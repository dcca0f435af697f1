using PageShift.Abi;
using PageShift.Units;

namespace PageShift.Linux.Processes;

/// <summary>One mapping as the kernel shows it. The [vsyscall] page, which is not a mapping, is left out.</summary>
public readonly struct KernelMapping
{
    internal KernelMapping(AddressRange range, Protection protection, bool isShared, ulong fileOffset, uint deviceMajor, uint deviceMinor, ulong inode)
    {
        (Range, Protection, IsShared, FileOffset) = (range, protection, isShared, fileOffset);
        (DeviceMajor, DeviceMinor, Inode) = (deviceMajor, deviceMinor, inode);
    }

    /// <summary>Where it is.</summary>
    public AddressRange Range { get; }

    /// <summary>What may be done with it now.</summary>
    public Protection Protection { get; }

    /// <summary>True for a shared mapping.</summary>
    public bool IsShared { get; }

    /// <summary>The offset in the file, in bytes; 0 without a file.</summary>
    public ulong FileOffset { get; }

    /// <summary>The file's inode number; 0 without a file.</summary>
    public ulong Inode { get; }

    /// <summary>All flags, when they were asked for.</summary>
    internal VmFlags? Flags { get; init; }

    /// <summary>The file's path or the kernel's own name for the mapping ("[heap]", "[vdso]"), as the kernel writes it; empty when it has none,
    /// null when names were not asked for.</summary>
    public string? Name { get; internal init; }

    /// <summary>The bytes of its pages, more than 4,096 for hugetlbfs; 0 where the kernel does not tell (before 6.11).</summary>
    internal ulong PageBytes { get; init; }

    /// <summary>The file's device.</summary>
    internal uint DeviceMajor { get; }

    /// <summary>The file's device.</summary>
    internal uint DeviceMinor { get; }
}
