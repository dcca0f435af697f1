namespace PageShift.Linux.Tracing;

/// <summary>How a process ended: by its own exit, or killed by a signal.</summary>
/// <param name="ExitCode">The low 8 bits of what the program passed to exit; 0 when it was killed.</param>
/// <param name="Signal">The signal that killed it; 0 when it exited.</param>
/// <param name="DumpedCore">True when its memory was written to a core file.</param>
public readonly record struct ProcessStatus(int ExitCode, int Signal, bool DumpedCore)
{
    /// <summary>True when the process was killed by a signal.</summary>
    public bool IsKilled => Signal != 0;

    /// <summary>The status as a shell gives it in $?: the exit code, or 128 and the signal's number.</summary>
    public int ShellStatus => IsKilled ? 128 + Signal : ExitCode;
}
