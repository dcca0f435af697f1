namespace PageShift.Cli;

/// <summary>What the tool's exit codes mean.</summary>
internal static class ExitCode
{
    internal const int Done = 0;
    internal const int Divergence = 1;
    internal const int WrongInput = 2;
    internal const int NotPossibleHere = 3;

    private const int SignalBase = 128;

    /// <summary>Ended early by a signal, as a shell shows it: neither a pass nor a divergence.</summary>
    internal static int OfSignal(int signal) => SignalBase + signal;
}
