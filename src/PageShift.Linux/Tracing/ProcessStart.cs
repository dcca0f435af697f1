namespace PageShift.Linux.Tracing;

/// <summary>A process that now exists. Neither it nor the thread that made it has run on since the address space was
/// copied, when it was.</summary>
/// <param name="ProcessId">The new process.</param>
/// <param name="ParentProcessId">The process that made it; for the traced command itself, the tracer's. <see cref="UnknownParent"/> in one rare
/// case: the thread that made it was killed before it could tell; then what the new space holds has to be read.</param>
/// <param name="AddressSpaceId">A number that the tracer gives to each address space, never used twice in a run. Events with equal
/// numbers concern the same mappings.</param>
/// <param name="SharesAddressSpace">True for vfork and clone with CLONE_VM: the space is the parent's until the process executes
/// a program. False: a copy of the parent's; for the traced command itself, not yet the command's.</param>
internal readonly record struct ProcessStart(int ProcessId, int ParentProcessId, int AddressSpaceId, bool SharesAddressSpace)
{
    /// <summary>Stands for a parent that is not known.</summary>
    public const int UnknownParent = 0;
}
