namespace PageShift.Verification.Checking;

/// <summary>What an exhaustive check is asked for.</summary>
public sealed record CheckOptions
{
    /// <summary>The depth that is checked in about a minute on two processors.</summary>
    public const int DefaultDepth = 12;

    /// <summary>The pages of each world's region; see <see cref="CheckWorld.OfDepth"/>.</summary>
    public int Depth { get; init; } = DefaultDepth;

    /// <summary>Which of <see cref="ShardCount"/> parts to check, from 0: every <see cref="ShardCount"/>-th population.</summary>
    public int ShardIndex { get; init; }

    /// <summary>Into how many parts the check is divided.</summary>
    public int ShardCount { get; init; } = 1;

    /// <summary>How many populations are checked at the same time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;
}
