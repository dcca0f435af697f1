namespace PageShift.Verification.Fuzzing;

/// <summary>What a run of the fuzzer is asked for.</summary>
public sealed record FuzzOptions
{
    /// <summary>The seed: it decides all sequences.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>After how many calls to stop; null for no bound.</summary>
    public long? MostCalls { get; init; }

    /// <summary>After what time to stop; null for no bound.</summary>
    public TimeSpan? MostTime { get; init; }

    /// <summary>Which of <see cref="ShardCount"/> equal parts of the seed's sequences to run, from 0.</summary>
    public int ShardIndex { get; init; }

    /// <summary>Into how many parts the seed's sequences are divided.</summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>How many sequences run at the same time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How many calls make a sequence.</summary>
    public int CallsPerSequence { get; init; } = 50;
}
