using System.Diagnostics;
using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Random reads of a buffer that was spliced a thousand times, beside those of an array.</summary>
public sealed class ReadsAfterSplices()
    : SpeedRow("memory: read 1 GiB at random through the span after 1,000 splices", "an array", new Target(RatioKind.Times, 1.05))
{
    private const int Length = 1 << 30;
    private const long Unit2MiB = 2 << 20;
    private const int Splices = 1000;
    private const int Reads = 1 << 20;
    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        using var buffer = new PageBuffer(Length, new PageBufferOptions { Capacity = 2L * Length });
        byte[] array = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        buffer.AsSpan(0, Length).Fill(1);
        array.AsSpan().Fill(1);
        new RandomSplices(Unit2MiB).Run(buffer, Splices);
        long sum = 0;
        ulong ourSeed = 0;
        ulong otherSeed = 0;
        double[] medians = Turns.Medians(time, FewestRounds, () => Read(buffer.AsSpan(0, Length), ++ourSeed, ref sum), () => Read(array, ++otherSeed, ref sum));
        GC.KeepAlive(sum);
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }

    private static double Read(ReadOnlySpan<byte> bytes, ulong state, ref long sum)
    {
        long total = 0;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Reads; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            total += bytes[(int)(state >> 34)]; // 30 bits
        }

        double each = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Reads;
        sum += total;
        return each;
    }
}
