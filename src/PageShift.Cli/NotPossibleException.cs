namespace PageShift.Cli;

/// <summary>What the user asked for is not possible on this machine, and why, in one line.</summary>
internal sealed class NotPossibleException(string message) : Exception(message);
