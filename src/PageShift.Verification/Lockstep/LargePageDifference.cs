using PageShift.Abi;
using PageShift.Linux;

namespace PageShift.Verification;

/// <summary>Tells whether two snapshots differ in nothing but where large pages are: <see cref="KnownDifferences.LargePagesWhereAskedFor"/>.</summary>
internal static class LargePageDifference
{
    private const ulong Block = 1UL << 21;

    /// <summary>True when each page that only one side has, or has otherwise, lies in an aligned block of memory that asked for large pages, and one side has all pages of that block.</summary>
    /// <param name="engine">The engine's pages, and its mappings with their flags.</param>
    /// <param name="kernel">The kernel's pages.</param>
    internal static bool IsAll(SpaceSnapshot engine, SpaceSnapshot kernel)
    {
        int mine = 0;
        int others = 0;
        ulong at = 0;
        while (Next(engine.Pages, kernel.Pages, ref mine, ref others, ref at) is { } different)
        {
            ulong block = different & ~(Block - 1);
            if (!AsksForLargePages(engine, block) || (IsFull(engine.Pages, block) == IsFull(kernel.Pages, block)))
                return false;
            at = block + Block;
        }

        return true;
    }

    /// <summary>The lowest page from <paramref name="at"/> upwards that the two do not have alike.</summary>
    private static ulong? Next(List<PageRun> engine, List<PageRun> kernel, ref int mine, ref int others, ref ulong at)
    {
        while (true)
        {
            while (mine < engine.Count && engine[mine].Range.End.Value <= at)
                mine++;
            while (others < kernel.Count && kernel[others].Range.End.Value <= at)
                others++;
            if (mine == engine.Count && others == kernel.Count)
                return null;
            (ulong from, ulong end, PageKinds kinds) = RunFrom(engine, mine, at);
            (ulong otherFrom, ulong otherEnd, PageKinds otherKinds) = RunFrom(kernel, others, at);
            if (from != otherFrom || kinds != otherKinds)
                return Math.Min(from, otherFrom);
            at = Math.Min(end, otherEnd);
        }
    }

    private static (ulong From, ulong End, PageKinds Kinds) RunFrom(List<PageRun> runs, int index, ulong at) => index < runs.Count
        ? (Math.Max(at, runs[index].Range.Start.Value), runs[index].Range.End.Value, runs[index].Kinds)
        : (ulong.MaxValue, ulong.MaxValue, PageKinds.None);

    private static bool AsksForLargePages(SpaceSnapshot engine, ulong block)
    {
        foreach (ObservedMapping mapping in engine.Mappings)
        {
            if (mapping.Range.Start.Value <= block && mapping.Range.End.Value >= block + Block)
                return mapping.Flags is { } flags && flags.HasFlag(VmFlags.HugePage);
        }

        return false;
    }

    private static bool IsFull(List<PageRun> runs, ulong block)
    {
        ulong at = block;
        foreach (PageRun run in runs)
        {
            if (run.Range.Start.Value <= at && run.Range.End.Value > at && (run.Kinds & PageKinds.Present) != 0)
                at = run.Range.End.Value;
        }

        return at >= block + Block;
    }
}
