using PageShift.Abi;
using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
using PageShift.Linux.Tracing;
using PageShift.Verification.Following;

namespace PageShift.Cli.Output;

/// <summary>What stands out in the memory calls and faults of a program that moves nothing, with lines that would change it.</summary>
internal static class TraceFindings
{
    // Less of the processor time is not worth a change, and fewer calls are no pattern.
    private const double LeastPart = 0.05;
    private const long LeastCalls = 100;

    internal static IEnumerable<string> Of(TraceReport report)
    {
        IReadOnlyList<UsageShare> shares = UsageShares.Of(report);
        IReadOnlyDictionary<SystemCallNumber, CallTotals> calls = report.Statistics.Calls;
        bool isAny = false;
        foreach (string line in Faults(report, shares).Concat(Pairs(shares, calls)).Concat(Heap(shares, calls)).Concat(GivenBack(shares, calls)))
        {
            isAny = true;
            yield return line;
        }

        if (!isAny && shares.Count != 0)
            yield return "Nothing stands out: no memory call, and no page fault, takes a twentieth of the processor time.";
    }

    private static IEnumerable<string> Faults(TraceReport report, IReadOnlyList<UsageShare> shares)
    {
        ProgramUsage? usage = report.Result!.Statistics.Usage;
        if (usage is null || PartOf(shares, UsageShares.PageFaults) is not (>= LeastPart and var part))
            yield break;
        UsageShare faults = shares.First(s => s.Name == UsageShares.PageFaults);
        long count = Math.Max(1, usage.MinorFaults + usage.MajorFaults);
        yield return $"Page faults take {TraceText.Percent(part)}: {Describe.Count(count, "fault")} of {KernelText.Time(faults.Nanoseconds!.Value / count)} each. Touch memory less often for the first time: keep it, or take large pages:";
        yield return "  C   mallopt(M_TRIM_THRESHOLD, INT_MAX); mallopt(M_MMAP_MAX, 0);  // malloc keeps what is freed";
        yield return "      madvise(data, length, MADV_HUGEPAGE);                        // one fault for 512 pages";
        yield return "  C#  byte[] data = ArrayPool<byte>.Shared.Rent(length);           // and Return it; or System.GC.RetainVM";
    }

    private static IEnumerable<string> Pairs(IReadOnlyList<UsageShare> shares, IReadOnlyDictionary<SystemCallNumber, CallTotals> calls)
    {
        long pairs = Math.Min(calls.GetValueOrDefault(SystemCallNumber.Map)?.Count ?? 0, calls.GetValueOrDefault(SystemCallNumber.Unmap)?.Count ?? 0);
        double part = (PartOf(shares, "mmap") ?? 0) + (PartOf(shares, "munmap") ?? 0);
        if (pairs < LeastCalls || part < LeastPart)
            yield break;
        CallTotals unmapped = calls[SystemCallNumber.Unmap];
        ulong average = (ulong)(unmapped.Bytes / Math.Max(1, unmapped.Count)) & ~4095ul;
        yield return $"mmap and munmap take {TraceText.Percent(part)}: {Describe.Count(pairs, "pair")} of about {Describe.Size(average)}. Keep what is unmapped, and use it again:";
        yield return "  C   mallopt(M_MMAP_MAX, 0); mallopt(M_TRIM_THRESHOLD, INT_MAX);  // if malloc makes them";
        yield return "  C#  byte[] data = ArrayPool<byte>.Shared.Rent(length);           // if large arrays make them; and Return it";
    }

    private static IEnumerable<string> Heap(IReadOnlyList<UsageShare> shares, IReadOnlyDictionary<SystemCallNumber, CallTotals> calls)
    {
        if (PartOf(shares, "brk") is not (>= LeastPart and var part) || calls.GetValueOrDefault(SystemCallNumber.Break) is not { Count: >= LeastCalls } brk)
            yield break;
        yield return $"brk takes {TraceText.Percent(part)}: the heap changes its size {Describe.Number((ulong)brk.Count)} times. Let it grow by more at a time:";
        yield return "  C   mallopt(M_TOP_PAD, 64 << 20); mallopt(M_TRIM_THRESHOLD, INT_MAX);";
    }

    private static IEnumerable<string> GivenBack(IReadOnlyList<UsageShare> shares, IReadOnlyDictionary<SystemCallNumber, CallTotals> calls)
    {
        if (PartOf(shares, "madvise") is not (>= LeastPart and var part) || calls.GetValueOrDefault(SystemCallNumber.Advise) is not { Count: >= LeastCalls } advice)
            yield break;
        yield return $"madvise takes {TraceText.Percent(part)}: {Describe.Count(advice.Count, "call")}. An allocator that gives pages back faults them in again; let it wait longer:";
        yield return "  C   mallopt(M_TRIM_THRESHOLD, INT_MAX);  // glibc; jemalloc: MALLOC_CONF=dirty_decay_ms:30000";
    }

    private static double? PartOf(IReadOnlyList<UsageShare> shares, string name) => shares.FirstOrDefault(s => s.Name == name)?.Part;
}
