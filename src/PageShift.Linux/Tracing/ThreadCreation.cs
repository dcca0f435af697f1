namespace PageShift.Linux.Tracing;

/// <summary>A further thread of a process; it has not run yet.</summary>
/// <param name="ProcessId">The process (thread group).</param>
/// <param name="ThreadId">The new thread.</param>
internal readonly record struct ThreadCreation(int ProcessId, int ThreadId);
