using CsCheck;
using Xunit.Sdk;

namespace PageShift.Tests.Model;

/// <summary>How long random tests run, and how a failure is reported.</summary>
internal static class ModelRun
{
    private const string Variable = "PAGESHIFT_ITERATIONS";
    private const string SeedVariable = "PAGESHIFT_SEED";
    private const ulong FixedSeed = 20230325;

    /// <summary>What the environment variable PAGESHIFT_ITERATIONS multiplies all iterations by.</summary>
    internal static int Factor { get; } =
        int.TryParse(Environment.GetEnvironmentVariable(Variable), out int factor) && factor > 0 ? factor : 1;

    /// <summary>Runs random sequences: always the same, unless the variable asks for more than the usual, or PAGESHIFT_SEED names other ones. One that fails is shortened and reported as a log.</summary>
    /// <param name="iterations">How many sequences, before <see cref="Factor"/>.</param>
    /// <param name="longest">The most steps of one.</param>
    /// <param name="run">Runs the steps and returns why they failed, or null.</param>
    internal static void Sample(int iterations, int longest, Func<ModelStep[], ModelFailure?> run)
    {
        Gen<ModelStep[]> sequences = ModelStep.Gen.Array[longest / 2, longest];
        ulong usual = Factor > 1 ? (ulong)Random.Shared.NextInt64() : FixedSeed;
        ulong seed = ulong.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out ulong given) ? given : usual;
        for (int i = 0; i < iterations * Factor; i++)
        {
            ModelStep[] steps = sequences.Generate(new PCG((uint)i, seed), null, out _);
            if (run(steps) is { } failure)
                throw new XunitException($"Sequence {i} of seed {seed}: {Shorten(steps, failure, run)}");
        }
    }

    /// <summary>Leaves out steps, one after another, as long as what is left fails in the same way.</summary>
    private static ModelFailure Shorten(ModelStep[] steps, ModelFailure failure, Func<ModelStep[], ModelFailure?> run)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            ModelStep[] fewer = [.. steps[..i], .. steps[(i + 1)..]];
            if (run(fewer) is { } same && same.Cause.GetType() == failure.Cause.GetType())
            {
                steps = fewer;
                failure = same;
            }
        }

        return failure;
    }
}

/// <summary>Why a sequence failed, and the calls it made.</summary>
internal sealed record ModelFailure(Exception Cause, string Log)
{
    public override string ToString() => $"{Cause.GetType().Name}: {Cause.Message}\n{Log}\n{Cause.StackTrace}";
}
