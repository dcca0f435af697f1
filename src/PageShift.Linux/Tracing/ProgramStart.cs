namespace PageShift.Linux.Tracing;

/// <summary>A process has executed a program: its address space is a new one, in which no instruction has run yet. All
/// its other threads are gone.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="AddressSpaceId">The new address space: see <see cref="ProcessStart.AddressSpaceId"/>.</param>
/// <param name="Path">The program's file, as /proc/PID/exe names it; null when that can't be read.</param>
internal readonly record struct ProgramStart(int ProcessId, int AddressSpaceId, string? Path);
