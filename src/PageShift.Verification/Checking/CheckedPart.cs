using PageShift.Physical;

namespace PageShift.Verification.Checking;

/// <summary>One part of a check: the populations of a world, and what checks one of them.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Populations">How many populations it has.</param>
/// <param name="MakeWorker">Makes what checks them; each thread has its own.</param>
internal sealed record CheckedPart(string Name, long Populations, Func<CaseWorker> MakeWorker)
{
    /// <summary>All parts of a check: the page tables of every world by themselves, then whole calls.</summary>
    internal static IEnumerable<CheckedPart> OfDepth(int depth)
    {
        foreach (CheckWorld world in CheckWorld.OfDepth(depth))
        {
            var populations = new Populations(world);
            yield return new CheckedPart(world.Name, populations.Count, () => new TableCases(world, populations));
        }

        foreach (CheckWorld world in CheckWorld.OfCalls(depth))
            yield return new CheckedPart($"calls, {world.Name}", CallCases.Count(world), () => new CallCases(world));
    }
}

/// <summary>Tries all cases of a population. Not thread-safe.</summary>
internal abstract class CaseWorker : IDisposable
{
    /// <summary>The cases tried since <see cref="Begin"/>.</summary>
    internal long Cases { get; private protected set; }

    /// <summary>Of them, those whose number of entries was proved to be the fewest.</summary>
    internal long Minimal { get; private protected set; }

    /// <summary>States that searches looked at since <see cref="Begin"/>.</summary>
    internal long States { get; private protected set; }

    /// <summary>The policy of the case that is being tried.</summary>
    internal Moving.MovePolicy Policy { get; private protected set; }

    /// <summary>What holds the tables that are tried.</summary>
    internal abstract PhysicalMemory Memory { get; }

    public abstract void Dispose();

    /// <summary>Starts the counts anew.</summary>
    internal void Begin()
    {
        Cases = 0;
        Minimal = 0;
        States = 0;
    }

    /// <summary>Tries all cases of a population; throws at the first that fails.</summary>
    internal abstract void Check(long population, CancellationToken cancellation);

    /// <summary>The case that is being tried, as a log.</summary>
    internal abstract string DescribeCase();
}
