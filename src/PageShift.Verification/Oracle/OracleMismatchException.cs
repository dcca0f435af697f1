namespace PageShift.Verification.Oracle;

/// <summary>An address space and the oracle differ; the message says in what.</summary>
/// <param name="message">The difference.</param>
internal sealed class OracleMismatchException(string message) : Exception(message);
