namespace PageShift.Cli;

/// <summary>The user asked for what can't be done, and is told so in one line.</summary>
internal sealed class UsageException(string message) : Exception(message);
