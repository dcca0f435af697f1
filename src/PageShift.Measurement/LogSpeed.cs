using System.Diagnostics;
using PageShift.Measurement.Workloads;

namespace PageShift.Measurement;

/// <summary>How fast a log is read and executed.</summary>
public sealed class LogSpeed() : SpeedRow("read and execute a log", "its bytes, one thread", new Target(RatioKind.AtLeast, 100))
{
    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        using var log = new LogExecution();
        var samples = new List<double>();
        Take(log, samples, time * TimedComparison.WarmUpPart);
        samples.Clear();
        Take(log, samples, time * (1 - TimedComparison.WarmUpPart));
        samples.Sort();
        double nanosecondsPerByte = samples[samples.Count / 2];
        return Judge(new Quantity(1e3 / nanosecondsPerByte, Unit.MegabytesPerSecond), null);
    }

    private static void Take(LogExecution log, List<double> samples, TimeSpan time)
    {
        const int Fewest = 3;
        long start = Stopwatch.GetTimestamp();
        while (samples.Count < Fewest || Stopwatch.GetElapsedTime(start) < time)
            samples.Add(log.Measure());
    }
}
