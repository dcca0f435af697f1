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

    /// <summary>The same two totals of two shards.</summary>
    internal CheckTotals Plus(in CheckTotals other) => this with { Checked = Checked + other.Checked, Cases = Cases + other.Cases, Minimal = Minimal + other.Minimal };
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

    /// <summary>All cases.</summary>
    public long Cases => Worlds.Sum(world => world.Cases);
}
