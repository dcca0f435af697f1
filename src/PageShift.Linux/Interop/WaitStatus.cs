namespace PageShift.Linux.Interop;

/// <summary>The status word of wait4(2) for a traced thread.
/// <code>
/// bits 31-16  15-8              7     6-0
/// event       stop signal/code  core  0x7f: stopped, 0: exited, else: killed by that signal
/// </code></summary>
/// <param name="Raw">The word, as the kernel wrote it.</param>
internal readonly record struct WaitStatus(int Raw)
{
    public bool IsExited => (Raw & 0x7f) == 0;

    public bool IsStopped => (Raw & 0xff) == 0x7f;

    public bool IsKilled => !IsExited && !IsStopped;

    public int ExitCode => (Raw >> 8) & 0xff;

    public int KillingSignal => Raw & 0x7f;

    public bool DumpedCore => (Raw & 0x80) != 0;

    public int StopSignal => (Raw >> 8) & 0xff;

    public StopEvent Event => (StopEvent)(Raw >> 16);

    /// <summary>True at the entry or exit of a system call, given that such stops are marked.</summary>
    public bool IsSystemCallStop => IsStopped && StopSignal == (Signals.Trap | 0x80);
}
