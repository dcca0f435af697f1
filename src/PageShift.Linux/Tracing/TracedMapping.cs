using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>One mapping of a traced process: a line of /proc/PID/maps, with the flags of /proc/PID/smaps where they were read.</summary>
public readonly record struct TracedMapping
{
    /// <summary>The addresses, page-aligned.</summary>
    public required AddressRange Range { get; init; }

    /// <summary>What may be done with the pages now: read, write, execute.</summary>
    public required Protection Protection { get; init; }

    /// <summary>True for a shared mapping, false for a private one.</summary>
    public required bool IsShared { get; init; }

    /// <summary>The byte in the file that the mapping's first byte shows; 0 for memory without a file.</summary>
    public required ulong OffsetBytes { get; init; }

    /// <summary>The device of the file: the major number times 2^20, plus the minor one.</summary>
    public required ulong Device { get; init; }

    /// <summary>The file's inode; 0 without a file.</summary>
    public required ulong Inode { get; init; }

    /// <summary>The file's path or the kernel's own name for the mapping ("[heap]", "[vdso]", "[anon:...]"), as the kernel writes it, with
    /// a newline as "\012"; empty when it has none.</summary>
    public required string Name { get; init; }

    /// <summary>The mapping's flags; none unless they were read.</summary>
    public VmFlags Flags { get; init; }
}
