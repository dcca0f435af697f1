namespace PageShift.Verification.Checking;

/// <summary>What was checked of one world.</summary>
/// <param name="World">Its name.</param>
/// <param name="Populations">The populations that it has, of all shards.</param>
public sealed record CheckTotals(string World, long Populations)
{
    /// <summary>The populations that were checked.</summary>
    public long Checked { get; init; }

    /// <summary>The moves of these that were made: each is one population with one source, destination and length, under one policy; or one call.</summary>
    public long Cases { get; init; }

    /// <summary>The moves under <c>pageshift</c> whose number of entries was proved to be the fewest.</summary>
    public long Minimal { get; init; }

    /// <summary>These totals and those of another part of the same world.</summary>
    internal CheckTotals Plus(CheckTotals other) => this with { Checked = Checked + other.Checked, Cases = Cases + other.Cases, Minimal = Minimal + other.Minimal };
}

/// <summary>What an exhaustive check did.</summary>
public sealed record CheckReport
{
    /// <summary>What was asked for.</summary>
    public required CheckOptions Options { get; init; }

    /// <summary>What was checked of each world.</summary>
    public required IReadOnlyList<CheckTotals> Worlds { get; init; }

    /// <summary>States that the searches for shorter sequences looked at.</summary>
    public long States { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>The case with the lowest number that failed, or null.</summary>
    public Counterexample? Counterexample { get; init; }

    /// <summary>True when every population of the shard was checked.</summary>
    public bool IsComplete { get; init; }

    /// <summary>How many shards' reports were added up to this one; 0 for a check of its own.</summary>
    public int MergedShards { get; init; }

    /// <summary>All cases.</summary>
    public long Cases => Worlds.Sum(world => world.Cases);

    /// <summary>Adds up the reports of all shards of one check.</summary>
    /// <returns>The sum, or null when they are not all the shards of one check, each once and complete; then <paramref name="refusal"/> says what is wrong.</returns>
    /// <param name="shards">The reports, in any order.</param>
    /// <param name="refusal">Why they can't be added up.</param>
    public static CheckReport? Merge(IReadOnlyCollection<CheckReport> shards, out string refusal)
    {
        ArgumentNullException.ThrowIfNull(shards);
        refusal = Refusal(shards);
        if (refusal.Length != 0)
            return null;
        CheckReport first = shards.First();
        IEnumerable<CheckReport> others = shards.Skip(1);
        return new CheckReport
        {
            Options = first.Options with { ShardIndex = 0, ShardCount = 1 },
            Worlds = [.. first.Worlds.Select((world, i) => others.Aggregate(world, (sum, other) => sum.Plus(other.Worlds[i])))],
            States = shards.Sum(shard => shard.States),
            Elapsed = new TimeSpan(shards.Sum(shard => shard.Elapsed.Ticks)),
            Counterexample = shards.OrderBy(shard => shard.Options.ShardIndex).Select(shard => shard.Counterexample).FirstOrDefault(found => found is not null),
            IsComplete = shards.All(shard => shard.IsComplete),
            MergedShards = shards.Count,
        };
    }

    private static string Refusal(IReadOnlyCollection<CheckReport> shards)
    {
        if (shards.Count == 0)
            return "there is no shard";
        CheckReport first = shards.First();
        int count = first.Options.ShardCount;
        if (shards.FirstOrDefault(shard => shard.Options.Depth != first.Options.Depth) is { } deeper)
            return Invariant($"found shards of depth {first.Options.Depth} and of depth {deeper.Options.Depth}");
        if (shards.FirstOrDefault(shard => shard.Options.ShardCount != count) is { } divided)
            return Invariant($"found a shard of {count} and one of {divided.Options.ShardCount}");
        if (shards.Any(shard => !shard.Worlds.Select(world => (world.World, world.Populations)).SequenceEqual(first.Worlds.Select(world => (world.World, world.Populations)))))
            return "found shards of different worlds: they come from different versions";
        if (shards.GroupBy(shard => shard.Options.ShardIndex).FirstOrDefault(same => same.Count() > 1) is { } twice)
            return Invariant($"found shard {twice.Key + 1}/{count} twice");
        if (Enumerable.Range(0, count).Cast<int?>().FirstOrDefault(index => shards.All(shard => shard.Options.ShardIndex != index)) is { } missing)
            return Invariant($"shard {missing + 1}/{count} is missing");
        bool isFailed = shards.Any(shard => shard.Counterexample is not null);
        if (!isFailed && shards.FirstOrDefault(shard => !shard.IsComplete) is { } stopped)
            return Invariant($"shard {stopped.Options.ShardIndex + 1}/{count} was stopped early");
        bool isWhole = first.Worlds.Select((world, i) => shards.Sum(shard => shard.Worlds[i].Checked) == world.Populations).All(isSum => isSum);
        return isFailed || isWhole ? "" : "the shards' populations do not add up to those of the worlds";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
