namespace PageShift.Linux.Tracing;

/// <summary>A memory call that was made through an interface other than the 64-bit one, after it returned. Its arguments are
/// not interpreted: whoever mirrors the address space must read it anew.</summary>
/// <param name="ProcessId">The process (thread group).</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="AddressSpaceId">See <see cref="ProcessStart.AddressSpaceId"/>.</param>
/// <param name="Interface">The interface.</param>
/// <param name="Number">The call's number in that interface's own numbering (x32: without its marking bit).</param>
/// <param name="Result">What the call returned.</param>
internal readonly record struct ForeignCall(int ProcessId, int ThreadId, int AddressSpaceId, ForeignInterface Interface, long Number, long Result);
