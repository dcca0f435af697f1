using PageShift.Units;

namespace PageShift.AddressSpaces;

/// <summary>The soft limits of setrlimit that memory calls obey, in bytes. 2^64 - 1 is RLIM_INFINITY.</summary>
public sealed record ResourceLimits
{
    /// <summary>RLIMIT_AS: all mappings.</summary>
    public ByteLength AddressSpace { get; init; } = new(ulong.MaxValue);

    /// <summary>RLIMIT_DATA: private writable mappings, stacks aside, and the heap.</summary>
    public ByteLength Data { get; init; } = new(ulong.MaxValue);

    /// <summary>The hard limit of RLIMIT_DATA, which for mappings takes the place of a soft one of 0.</summary>
    public ByteLength DataMaximum { get; init; } = new(ulong.MaxValue);

    /// <summary>RLIMIT_MEMLOCK: locked mappings of a process without CAP_IPC_LOCK.</summary>
    public ByteLength Locked { get; init; } = new(ulong.MaxValue);

    /// <summary>RLIMIT_STACK: the size to which a stack grows by faults.</summary>
    public ByteLength Stack { get; init; } = new(8UL << 20);
}
