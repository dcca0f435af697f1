using PageShift.Moving;

namespace PageShift.Verification.Checking;

/// <summary>A case that failed.</summary>
/// <param name="World">The world's name.</param>
/// <param name="Population">The number of the population.</param>
/// <param name="Policy">The policy of the move.</param>
/// <param name="Failure">What does not hold.</param>
/// <param name="Log">The calls that make the case, for <c>pageshift run</c>; each ends with a line feed.</param>
public sealed record Counterexample(string World, long Population, MovePolicy Policy, string Failure, string Log);
