namespace PageShift.Linux.Interop;

/// <summary>Why a tracee stopped, other than for a signal: PTRACE_EVENT_*. Source: <c>include/uapi/linux/ptrace.h</c> (values).</summary>
internal enum StopEvent
{
    None = 0,
    Fork = 1,
    Vfork = 2,
    Clone = 3,
    Exec = 4,
    Exit = 6,
    Filter = 7,

    /// <summary>A new tracee's first stop, the answer to an interrupt, or a job-control stop.</summary>
    Stop = 128,
}
