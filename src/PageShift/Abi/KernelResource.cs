namespace PageShift.Abi;

/// <summary>The limits of a process that the memory calls obey, with the kernel's numbers.</summary>
public enum KernelResource
{
    /// <summary>RLIMIT_DATA: private writable memory and the heap, in bytes.</summary>
    Data = 2,

    /// <summary>RLIMIT_STACK: how far a stack grows, in bytes.</summary>
    Stack = 3,

    /// <summary>RLIMIT_MEMLOCK: locked memory, in bytes.</summary>
    LockedMemory = 8,

    /// <summary>RLIMIT_AS: all mappings, in bytes.</summary>
    AddressSpace = 9,
}
