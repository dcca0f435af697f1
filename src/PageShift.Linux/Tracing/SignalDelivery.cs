namespace PageShift.Linux.Tracing;

/// <summary>A signal that a traced thread is about to receive.</summary>
/// <param name="ProcessId">The process (thread group).</param>
/// <param name="ThreadId">The thread.</param>
/// <param name="Signal">The signal's number on x86-64.</param>
internal readonly record struct SignalDelivery(int ProcessId, int ThreadId, int Signal);
