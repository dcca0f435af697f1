using PageShift.Verification.Following;

namespace PageShift.Cli.Tracing;

/// <summary>How long traced calls took.</summary>
/// <param name="Elapsed">Nanoseconds by the clock, with all that tracing and waiting add.</param>
/// <param name="Processor">Nanoseconds of processor time, with the thread's part of the stops; null where the kernel did not tell for all of them.</param>
internal readonly record struct CallTime(long Elapsed, long? Processor)
{
    internal static CallTime Zero { get; } = new(0, 0);

    internal static CallTime Of(FollowedMove move) => new(move.ElapsedNanoseconds, move.ProcessorNanoseconds);

    public static CallTime operator +(CallTime left, CallTime right) => new(left.Elapsed + right.Elapsed, left.Processor + right.Processor);

    /// <summary>What is left without what each of <paramref name="calls"/> calls pays for being traced: the shortest time of any call.</summary>
    internal CallTime Without(FollowStatistics statistics, long calls) => new(
        Math.Max(0, Elapsed - (calls * statistics.BaselineNanoseconds)),
        Processor is { } used && statistics.BaselineProcessorNanoseconds is { } least ? Math.Max(0, used - (calls * least)) : null);
}
