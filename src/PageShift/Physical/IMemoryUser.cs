namespace PageShift.Physical;

/// <summary>What keeps frames of a physical memory for as long as it lives: an address space.</summary>
internal interface IMemoryUser
{
    /// <summary>Stops using the memory, for good, and says so by <see cref="PhysicalMemory.RemoveUser"/>: it is about to go.</summary>
    /// <exception cref="InvalidOperationException">This thread is in the middle of a use.</exception>
    void LeaveMemory();
}
