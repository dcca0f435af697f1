namespace PageShift.Linux.Tracing;

/// <summary>A process has ended, with all its threads.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="Status">How it ended.</param>
internal readonly record struct ProcessEnd(int ProcessId, ProcessStatus Status);
