namespace PageShift.Linux.Tracing;

/// <summary>What a call at which a thread stopped means to the tracer.</summary>
internal enum CallClass
{
    /// <summary>Nothing.</summary>
    Other,

    /// <summary>A memory call of the 64-bit interface, to be reported.</summary>
    Memory,

    /// <summary>A memory call of another interface, to be reported as such.</summary>
    Foreign,

    /// <summary>A call that copies the address space: not reported by itself, and kept in order with the memory calls.</summary>
    Copy,
}
