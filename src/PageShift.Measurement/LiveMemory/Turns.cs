using System.Diagnostics;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Times sides by turns, all alike: as many rounds for each, and each as often the first of its round as the others.</summary>
internal static class Turns
{
    private const int MostRounds = 20_000;

    /// <summary>The median of each side. The rounds of the first half of the time don't count, and at least one doesn't: the runtime compiles hot methods again meanwhile.</summary>
    /// <param name="time">How long to go on.</param>
    /// <param name="fewestRounds">How many rounds count at least, however long they take.</param>
    /// <param name="sides">Each makes its work once, answers what it took, and leaves all as it was; only what it answers counts.</param>
    internal static double[] Medians(TimeSpan time, int fewestRounds, params Func<double>[] sides)
    {
        Take(time * TimedComparison.WarmUpPart, 1, sides);
        return [.. Take(time * (1 - TimedComparison.WarmUpPart), fewestRounds, sides).Select(Median)];
    }

    /// <summary>The nanoseconds that work takes.</summary>
    internal static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static List<double>[] Take(TimeSpan time, int fewestRounds, Func<double>[] sides)
    {
        List<double>[] samples = [.. sides.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < fewestRounds || (round < MostRounds && Stopwatch.GetElapsedTime(start) < time); round++)
        {
            for (int turn = 0; turn < sides.Length; turn++)
            {
                int side = (round + turn) % sides.Length;
                samples[side].Add(sides[side]());
            }
        }

        return samples;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
