using System.Diagnostics;
using PageShift.Memory.Kernel;

namespace PageShift.Memory.Moving;

/// <summary>Measures what moving and copying cost here. Each figure is the least of several, so that what else the machine does counts little.</summary>
internal static class CostMeasurement
{
    private const int Rounds = 7;
    private const ulong NearBytes = 128 << 10;
    private const ulong MiddleBytes = 4 << 20;
    private const double FarTimes = 2.6; // beyond the caches a copy takes this times what one of 4 MiB takes: measured once, as 128 MiB are too much to ask for in passing

    /// <summary>Measures; null where memory is too short for it.</summary>
    internal static MoveCosts? TryRun(IMemoryKernel kernel)
    {
        ulong half = Math.Max(2 * MiddleBytes, new TableSpans(kernel.PageSize).Pmd);
        using Reservation? place = half <= 2 * MiddleBytes ? Reservation.TryTake(kernel, 2 * half, PageAccess.ReadWrite) : null;
        if (place is null)
            return null;
        ulong from = place.Start;
        ulong to = from + half;
        double fault = Time(() => kernel.Clear(from, MiddleBytes), rounds: 1) / (MiddleBytes / kernel.PageSize);
        kernel.Clear(to, MiddleBytes);
        double near = Time(() => kernel.Copy(from, to, NearBytes)) / (NearBytes >> 10);
        double middle = Time(() => kernel.Copy(from, to, MiddleBytes)) / (MiddleBytes >> 10);
        double pages = MovePages(kernel, from, to, MiddleBytes / 2);
        double call = MovePages(kernel, from, to, kernel.PageSize);
        if (double.IsNaN(pages) || double.IsNaN(call))
            return MoveCosts.Typical;
        double page = Math.Max(1, (pages - call) / (MiddleBytes / 2 / kernel.PageSize));
        return new MoveCosts
        {
            Call = call,
            Page = page,
            PageTable = Math.Max(MoveCosts.Typical.PageTable, page),
            CopyNear = near,
            CopyMiddle = Math.Max(near, middle),
            CopyFar = Math.Max(near, middle * FarTimes),
            Fault = fault,
        };
    }

    /// <summary>What it takes to move a range, one entry for each page, there and back.</summary>
    private static double MovePages(IMemoryKernel kernel, ulong from, ulong to, ulong length)
    {
        ulong beside = to + kernel.PageSize; // not congruent: each page's entry moves alone
        bool isMoved = true;
        double both = Time(() => isMoved = isMoved
            && kernel.Remap(from, length, length, RemapOptions.Move, beside) >= 0
            && kernel.Remap(beside, length, length, RemapOptions.Move, from) >= 0);
        return isMoved ? both / 2 : double.NaN;
    }

    private static double Time(Action work, int rounds = Rounds)
    {
        double least = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }

        return least;
    }
}
