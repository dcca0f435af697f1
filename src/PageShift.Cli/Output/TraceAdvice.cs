using PageShift.Cli.Explaining;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Moving;

namespace PageShift.Cli.Output;

/// <summary>What a traced program could do to make its moves cheaper: lines to paste, with the entries that the engine planned for this program and the time that was measured.</summary>
internal static class TraceAdvice
{
    private const double WorthNoChange = 0.01;

    internal static IEnumerable<string> Of(TraceReport report)
    {
        MoveCost linux = report.Under(MovePolicy.Linux67);
        MoveCost ours = report.Under(MovePolicy.PageShift);
        if (linux.Entries == 0)
            yield break;
        if (ours.Entries < linux.Entries)
            yield return Comparison.Of(linux, ours);
        if (Worth(report) is { } worth)
            yield return worth;
        foreach (string line in Lines(report, linux))
            yield return line;
    }

    private static IEnumerable<string> Lines(TraceReport report, MoveCost linux)
    {
        string time = KernelText.Time(TimeOf(report));
        if (report.Obstacles.ContainsKey(MoveObstacle.NotCongruent) && report.CongruentPageShift.Entries < linux.Entries)
        {
            yield return $"To grow without a move, reserve address space once. That saves all {Describe.EntryCount(linux.Entries)} and the {time} of these moves:";
            yield return "  C   int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;";
            yield return "      char *data = mmap(NULL, 1UL << 36, PROT_NONE, flags, -1, 0);";
            yield return "      mprotect(data, length, PROT_READ | PROT_WRITE);  // again for every new length";
            yield return "  C#  using var data = new PageList<byte>(length);     // PageShift.Memory: grows in place";
            yield return $"To move at a congruent place, where {Congruent(report)}:";
            yield return "  C   int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;";
            yield return "      char *room = mmap(NULL, length + (2UL << 20), PROT_NONE, flags, -1, 0);";
            yield return "      char *to = room + (((uintptr_t)data - (uintptr_t)room) & ((2UL << 20) - 1));";
            yield return "      munmap(room, to - room), munmap(to + length, (2UL << 20) - (to - room));";
            yield return "      data = mremap(data, oldLength, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);";
        }

        if (report.Obstacles.ContainsKey(MoveObstacle.NeighbourAtStart) || report.Obstacles.ContainsKey(MoveObstacle.NeighbourAtEnd))
        {
            yield return "To have no neighbours in the blocks at the ends, begin and end at multiples of 2 MiB:";
            yield return "  C   length = (length + (2UL << 20) - 1) & ~((2UL << 20) - 1);";
            yield return "      int access = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;";
            yield return "      char *room = mmap(NULL, length + (2UL << 20), access, flags, -1, 0);";
            yield return "      char *data = (char *)(((uintptr_t)room + (2UL << 20) - 1) & ~((2UL << 20) - 1));";
            yield return "  C#  using var data = new PageBuffer((length + 4095) & ~4095);  // PageShift.Memory: owns whole blocks";
        }
    }

    /// <summary>Says that a change is not worth it where the moves are a small part of the time.</summary>
    private static string? Worth(TraceReport report)
    {
        UsageShare? moves = UsageShares.Of(report).FirstOrDefault(s => s.Name == UsageShares.Moves);
        return moves?.Part < WorthNoChange
            ? $"The moves took {TraceText.Percent(moves.Part.Value)} of the processor time: to make them cheaper changes little here."
            : null;
    }

    private static string Congruent(TraceReport report) =>
        $"linux-6.7 would move {Describe.Entries(report.CongruentLinux)} and pageshift {Describe.Entries(report.CongruentPageShift)} instead of {Describe.Entries(report.Under(MovePolicy.Linux67))}";

    private static long TimeOf(TraceReport report)
    {
        CallTime time = report.Time.Without(report.Statistics, report.Statistics.Moves);
        return time.Processor ?? time.Elapsed;
    }
}
