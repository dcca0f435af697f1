using System.Diagnostics;
using System.Runtime.CompilerServices;
using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>Random reads of a buffer that was spliced a thousand times, beside those of an array.</summary>
/// <remarks>Which physical pages a program gets decides as much as a fifth of such a read: two arrays in one process differ by that. So both sides are made
/// several times, each as often the first as the other, and the figures are means of all.</remarks>
public sealed class ReadsAfterSplices()
    : SpeedRow("memory: read 1 GiB at random through the span after 1,000 splices", "an array", new Target(RatioKind.Times, 1.05))
{
    private const int Length = 1 << 30;
    private const long Unit2MiB = 2 << 20;
    private const int Splices = 1000;
    private const int Reads = 1 << 20;
    private const int FewestRounds = 9;
    private const int Placements = 6;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        double ours = 0;
        double other = 0;
        for (int placement = 0; placement < Placements; placement++)
        {
            GC.Collect(2, GCCollectionMode.Aggressive); // gives the memory of the placement before back, so that the next gets other pages
            double[] medians = MeasureOne(time / Placements, arrayFirst: placement % 2 == 1);
            ours += medians[0] / Placements;
            other += medians[1] / Placements;
        }

        return Judge(new Quantity(ours, Unit.Nanoseconds), new Quantity(other, Unit.Nanoseconds));
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // so that nothing of a placement is alive in the next
    private static double[] MeasureOne(TimeSpan time, bool arrayFirst)
    {
        byte[]? array = arrayFirst ? WrittenArray() : null;
        using var buffer = new PageBuffer(Length, new PageBufferOptions { Capacity = 2L * Length });
        buffer.AsSpan(0, Length).Fill(1);
        array ??= WrittenArray();
        new RandomSplices(Unit2MiB).Run(buffer, Splices);
        long sum = 0;
        ulong ourSeed = 0;
        ulong otherSeed = 0;
        double[] medians = Turns.Medians(time, FewestRounds, () => Read(buffer.AsSpan(0, Length), ++ourSeed, ref sum), () => Read(array, ++otherSeed, ref sum));
        GC.KeepAlive(sum);
        return medians;
    }

    private static byte[] WrittenArray()
    {
        byte[] array = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        array.AsSpan().Fill(1);
        return array;
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
