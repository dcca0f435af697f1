using System.Diagnostics;

namespace PageShift.Measurement;

/// <summary>Two workloads timed by turns, so that both meet the same machine; the figures are medians.</summary>
/// <param name="work">The work, in words.</param>
/// <param name="against">What it is measured against, in words.</param>
/// <param name="target">What it is meant to reach.</param>
/// <param name="makeOurs">Makes our side.</param>
/// <param name="makeOther">Makes the other side.</param>
public sealed class TimedComparison(string work, string against, Target target, WorkloadFactory makeOurs, WorkloadFactory makeOther)
    : SpeedRow(work, against, target)
{
    /// <summary>The part of a row's time that is not counted: the runtime compiles hot methods again meanwhile.</summary>
    internal const double WarmUpPart = 0.5;

    private const int FewestRounds = 5;
    private const int MostRounds = 2000;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        using Workload? other = makeOther(out string? reason);
        if (other is null)
            return NotPossible(reason!);
        using Workload? ours = makeOurs(out reason);
        if (ours is null)
            return NotPossible(reason!);
        var samples = new Samples(MostRounds);
        samples.Take(ours, other, time * WarmUpPart);
        samples.Clear();
        samples.Take(ours, other, time * (1 - WarmUpPart));
        return Judge(new Quantity(Samples.Median(samples.Ours), Unit.Nanoseconds), new Quantity(Samples.Median(samples.Other), Unit.Nanoseconds));
    }

    private sealed class Samples(int most)
    {
        internal List<double> Ours { get; } = new(most);

        internal List<double> Other { get; } = new(most);

        internal void Take(Workload ours, Workload other, TimeSpan time)
        {
            long start = Stopwatch.GetTimestamp();
            for (int round = 0; round < most && (round < FewestRounds || Stopwatch.GetElapsedTime(start) < time); round++)
            {
                Ours.Add(ours.Measure());
                Other.Add(other.Measure());
            }
        }

        internal void Clear()
        {
            Ours.Clear();
            Other.Clear();
        }

        internal static double Median(List<double> values)
        {
            values.Sort();
            return values[values.Count / 2];
        }
    }
}
