using PageShift.Linux.Processes;
using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <summary>What is in the executor's address space before the first call: nothing but <see cref="Host"/>. With this an
/// engine can predict the addresses that the kernel chooses.</summary>
internal sealed class KernelSurroundings
{
    internal KernelSurroundings(VirtualAddress mapBase, VirtualAddress lowestHint, VirtualAddress breakStart) =>
        (MapBase, LowestHint, BreakStart) = (mapBase, lowestHint, breakStart);

    /// <summary>Code and data of the executor, which no call may touch: two shared mappings of one memory file.</summary>
    public AddressRange Host => new(HostCode.Start, HostData.End);

    /// <summary>The end of user space.</summary>
    internal VirtualAddress TaskEnd => new(ProcessReader.TaskEnd);

    /// <summary>The kernel's mmap_base: the end of the highest range that it chooses itself.</summary>
    public VirtualAddress MapBase { get; }

    /// <summary>The address to which mmap raises a lower hint: the larger of vm.mmap_min_addr and the security module's minimum.</summary>
    public VirtualAddress LowestHint { get; }

    /// <summary>Where the heap begins; brk cannot go below.</summary>
    public VirtualAddress BreakStart { get; }

    /// <summary>The executor's code: one mapping, readable and executable.</summary>
    internal AddressRange HostCode => new(new VirtualAddress(HostLayout.CodeAddress), new ByteLength(HostLayout.CodeBytes));

    /// <summary>The executor's data: one mapping, readable and writable, of the same file, right behind.</summary>
    internal AddressRange HostData => new(new VirtualAddress(HostLayout.SlotsAddress), new ByteLength(HostLayout.SlotsBytes));

    /// <summary>The length of the segment that the kernel takes for the program's initialised data: RLIMIT_DATA counts it together with the heap.</summary>
    internal ByteLength ProgramData => new(HostLayout.ProgramBytes);
}
