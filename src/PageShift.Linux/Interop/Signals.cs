namespace PageShift.Linux.Interop;

/// <summary>The signal numbers that the tracer itself has to know, on x86-64.</summary>
internal static class Signals
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Trap = 5;
    public const int Kill = 9;
    public const int Pipe = 13;
    public const int Terminate = 15;
    public const int Child = 17;
    public const int Stop = 19;
    public const int TerminalStop = 20;
    public const int TerminalInput = 21;
    public const int TerminalOutput = 22;

    /// <summary>The first of the signals that the C library keeps for itself.</summary>
    public const int FirstInternal = 32;

    /// <summary>The last of the signals that the C library keeps for itself.</summary>
    public const int LastInternal = 33;

    /// <summary>True for the four signals that put a whole process into a job-control stop.</summary>
    public static bool IsJobControlStop(int signal) => signal is Stop or TerminalStop or TerminalInput or TerminalOutput;
}
