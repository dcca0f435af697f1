using PageShift.Cli.Words;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>What became of the moves that were to get a congruent place, in words.</summary>
internal static class PlacementText
{
    /// <summary>How many got one, and why the others did not; nothing when there was none.</summary>
    internal static IEnumerable<string> Of(FollowStatistics statistics)
    {
        long placed = statistics.PlacedCalls, others = statistics.UnplacedCalls.Sum(u => u.Value);
        if (placed + others == 0)
            yield break;
        yield return others == 0
            ? $"{Describe.Count(placed, "move")} that left the destination to the kernel: each got a congruent one."
            : $"{Describe.Count(placed + others, "move")} that left the destination to the kernel: {Describe.Number((ulong)placed)} got a congruent one.";
        foreach ((PlacementObstacle obstacle, long moves) in statistics.UnplacedCalls)
            yield return $"  {Describe.Number((ulong)moves)} did not: {Words(obstacle)}";
    }

    private static string Words(PlacementObstacle obstacle) => obstacle switch
    {
        PlacementObstacle.NamesPlace => "the call names a place that it would like",
        PlacementObstacle.NotOneMapping => "what moves is not in one mapping",
        PlacementObstacle.KindOfMapping => "the mapping is locked, a stack, or of another kind that Linux places by other rules",
        PlacementObstacle.NotAtStandstill => "other threads could not be stopped in time",
        PlacementObstacle.NoPlace => "no free place is congruent",
        PlacementObstacle.OwnFilter => "the program has a seccomp filter of its own, which would see the changed call",
        PlacementObstacle.Refused => "the kernel refused the place; the call was made again as the program wanted it",
        _ => throw new ArgumentOutOfRangeException(nameof(obstacle), obstacle, "Not an obstacle."),
    };
}
