using PageShift.Cli.Tracing;
using PageShift.Moving;

namespace PageShift.Cli.Output;

/// <summary>What a traced program could do to make its moves cheaper, with the figures that the engine planned.</summary>
internal static class TraceAdvice
{
    internal static IEnumerable<string> Of(TraceReport report)
    {
        MoveCost linux = report.Under(MovePolicy.Linux67);
        MoveCost ours = report.Under(MovePolicy.PageShift);
        if (linux.Entries == 0)
            yield break;
        if (ours.Entries < linux.Entries)
            yield return $"pageshift moves {Describe.Entries(ours)} where linux-6.7 moves {Describe.Entries(linux)}{Describe.Fewer(linux.Entries, ours.Entries)}.";
        if (report.CongruentPageShift.Entries >= ours.Entries)
            yield break;
        yield return "What the program could do: ask for destinations congruent with the source modulo 2 MiB, by reserving address space (mmap with PROT_NONE) and moving into it"
            + " with MREMAP_FIXED, or reserve room to grow in place.";
        yield return $"With congruent destinations linux-6.7 would move {Describe.Entries(report.CongruentLinux)}, and pageshift {Describe.Entries(report.CongruentPageShift)}"
            + $"{Describe.Fewer(linux.Entries, report.CongruentPageShift.Entries)} than linux-6.7 moves now.";
    }
}
