using System.Runtime.InteropServices;
using PageShift.Measurement.Interop;
using PageShift.Memory;

namespace PageShift.Measurement.LiveMemory;

/// <summary>An insertion and the removal that undoes it, beside the bare system calls that do the same.</summary>
public sealed class BareSplice()
    : SpeedRow("memory: insert 2 MiB in the middle of 1 GiB, and remove it", "the bare system calls", new Target(RatioKind.Times, 1.3))
{
    private const long GiB = 1 << 30;
    private const long Gap = 2 << 20;
    private const int FewestRounds = 9;

    /// <inheritdoc/>
    public override SpeedResult Measure(TimeSpan time)
    {
        if (!MemoryCapabilities.MovesPages)
            return NotPossible("the kernel does not move pages (Linux 5.7 and newer do)");
        nint reservedLength = nint.CreateChecked(6 * GiB);
        using var buffer = new PageBuffer(GiB, new PageBufferOptions { Capacity = 2 * GiB });
        nint reserved = BareCalls.Reserve(reservedLength, isAccessible: false);
        nint start = (nint)((reserved + GiB - 1) & ~(GiB - 1));
        nint scratch = (nint)(start + (3 * GiB));
        BareCalls.Expose(start, (nint)GiB);
        BareCalls.Expose(scratch, (nint)GiB);
        for (long at = 0; at < GiB; at += buffer.PageSize)
        {
            buffer.AsSpan(at, 1)[0] = 1;
            Marshal.WriteByte((nint)(start + at), 1);
        }

        double[] medians = Turns.Medians(time, FewestRounds, () => Turns.Time(() => InsertAndRemove(buffer)) / 2, () => Turns.Time(() => InsertAndRemove(start, scratch)) / 2);
        BareCalls.Release(reserved, reservedLength);
        return Judge(new Quantity(medians[0], Unit.Nanoseconds), new Quantity(medians[1], Unit.Nanoseconds));
    }

    private static void InsertAndRemove(PageBuffer buffer)
    {
        buffer.Insert(GiB / 2, Gap);
        buffer.Remove(GiB / 2, Gap);
    }

    private static void InsertAndRemove(nint start, nint scratch)
    {
        var half = (nint)(GiB / 2);
        nint gap = (nint)Gap;
        BareCalls.Expose(start + (2 * half), gap);
        BareCalls.MovePages(start + half, scratch, half);
        BareCalls.MovePages(scratch, start + half + gap, half);
        BareCalls.MovePages(start + half + gap, scratch, half);
        BareCalls.MovePages(scratch, start + half, half);
        BareCalls.Conceal(start + (2 * half), gap);
    }
}
