namespace PageShift.Cli;

/// <summary>What the tool's exit codes mean.</summary>
internal static class ExitCode
{
    internal const int Done = 0;
    internal const int Divergence = 1;
    internal const int WrongInput = 2;
    internal const int NotPossibleHere = 3;
}
