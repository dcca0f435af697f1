namespace PageShift.Linux.Tracing;

/// <summary>The flags of a clone from which CLONE_UNTRACED was taken, to be given back when the kernel has read them.</summary>
/// <param name="Flags">As the program has them.</param>
/// <param name="Address">Where they are in memory; null for a register.</param>
/// <param name="Is32">True for a call of the 32-bit interface.</param>
internal readonly record struct ClearedFlag(ulong Flags, ulong? Address, bool Is32);
