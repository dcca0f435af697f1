namespace PageShift.Linux.Tracing;

/// <summary>How a process ended: by its own exit, or killed by a signal.</summary>
public readonly struct ProcessStatus
{
    internal ProcessStatus(int exitCode, int signal, bool dumpedCore) => (ExitCode, Signal, DumpedCore) = (exitCode, signal, dumpedCore);

    /// <summary>The low 8 bits of what the program passed to exit; 0 when it was killed.</summary>
    public int ExitCode { get; }

    /// <summary>The signal that killed it; 0 when it exited.</summary>
    public int Signal { get; }

    /// <summary>The status as a shell gives it in $?: the exit code, or 128 and the signal's number.</summary>
    public int ShellStatus => IsKilled ? 128 + Signal : ExitCode;

    /// <summary>True when the process was killed by a signal.</summary>
    internal bool IsKilled => Signal != 0;

    /// <summary>True when its memory was written to a core file.</summary>
    internal bool DumpedCore { get; }
}
