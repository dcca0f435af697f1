using PageShift.Cli.Tracing;
using PageShift.Cli.Words;
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
            yield return Comparison.Of(linux, ours);
        if (report.CongruentPageShift.Entries >= ours.Entries)
            yield break;
        yield return "";
        yield return "What the program could do: reserve address space (mmap with PROT_NONE) and grow";
        yield return "in it, or move with MREMAP_FIXED to a place congruent modulo 2 MiB. To congruent";
        yield return "places, chosen as the engine would, these entries would move:";
        yield return $"  under linux-6.7  {Describe.Entries(report.CongruentLinux)}";
        yield return $"  under pageshift  {Describe.Entries(report.CongruentPageShift)}: {Describe.EntryCount(report.CongruentPageShift.Entries)} instead of the {Describe.Number(linux.Entries)} that linux-6.7 moves now";
        yield return "";
    }
}
