namespace PageShift.Tests;

/// <summary>What work allocates on the managed heap, on its own thread.</summary>
internal static class AllocatedBytes
{
    private const int MostAttempts = 10;

    /// <summary>The bytes that <paramref name="work"/> allocates.</summary>
    internal static long By(Action work)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>The least of several measurements; one of 0 ends them. Any thread may be the one that has to enlarge a table of the runtime's own, that of its casts for instance, which all tests
    /// of the process fill: what is allocated by our code is allocated each time.</summary>
    internal static long Least(Func<long> measure, int attempts = MostAttempts)
    {
        long least = long.MaxValue;
        for (int attempt = 0; attempt < attempts && least != 0; attempt++)
            least = Math.Min(least, measure());
        return least;
    }
}
