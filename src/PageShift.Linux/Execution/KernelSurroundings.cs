namespace PageShift.Linux;

/// <summary>What is in the executor's address space before the first call: nothing but <see cref="Host"/>. With this an
/// engine can predict the addresses that the kernel chooses.</summary>
/// <param name="HostCode">The executor's code: one mapping, shared, readable and executable, of a memory file.</param>
/// <param name="HostData">The executor's data: one mapping, shared, readable and writable, of the same file, right behind.</param>
/// <param name="TaskEnd">The end of user space.</param>
/// <param name="MapBase">The kernel's mmap_base: the end of the highest range that it chooses itself.</param>
/// <param name="LowestHint">The address to which mmap raises a lower hint: the larger of vm.mmap_min_addr and the security module's minimum.</param>
/// <param name="BreakStart">Where the heap begins; brk cannot go below.</param>
public sealed record KernelSurroundings(
    AddressRange HostCode, AddressRange HostData, VirtualAddress TaskEnd, VirtualAddress MapBase,
    VirtualAddress LowestHint, VirtualAddress BreakStart)
{
    /// <summary>The length of the segment that the kernel takes for the program's initialised data: RLIMIT_DATA counts it together with the heap.</summary>
    public ByteLength ProgramData { get; } = new(HostLayout.ProgramBytes);

    /// <summary>Code and data of the executor, which no call may touch.</summary>
    public AddressRange Host => new(HostCode.Start, HostData.End);
}
