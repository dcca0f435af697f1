namespace PageShift.Cli.Output;

/// <summary>A figure of two runs: in words, and as numbers where it is one to compare.</summary>
/// <param name="Name">What is counted; with a space in front a part of what stands above it.</param>
/// <param name="AsItIs">The first run's, in words.</param>
/// <param name="Congruent">The second run's.</param>
/// <param name="AsItIsValue">The first run's, as a number; null for one that has no size.</param>
/// <param name="CongruentValue">The second run's.</param>
internal sealed record ComparedRow(string Name, string AsItIs, string Congruent, long? AsItIsValue, long? CongruentValue);
