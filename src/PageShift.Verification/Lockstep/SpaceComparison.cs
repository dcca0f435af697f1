using System.Globalization;
using PageShift.Calls.Execution;
using PageShift.Linux.Processes;

namespace PageShift.Verification.Lockstep;

/// <summary>Compares what a space of the engine's and one of the kernel's hold.</summary>
/// <param name="files">Which object of the engine's stands for which of the kernel's files.</param>
internal sealed class SpaceComparison(FilePairs files)
{
    private const string NothingMore = "nothing more";

    /// <summary>What differs, or null.</summary>
    internal Difference? Compare(SpaceSnapshot engine, SpaceSnapshot kernel) =>
        CompareMappings(engine.Mappings, kernel.Mappings) ?? ComparePages(engine.Pages, kernel.Pages);

    /// <summary>The first mapping that differs, or null.</summary>
    /// <param name="engine">The engine's, lowest first.</param>
    /// <param name="kernel">The kernel's, lowest first.</param>
    /// <param name="end">What stands for a mapping that one side has not.</param>
    internal Difference? CompareMappings(List<ObservedMapping> engine, List<ObservedMapping> kernel, string end = NothingMore) =>
        FirstDifference(engine, kernel) is >= 0 and int at ? DifferenceAt(at, engine, kernel, end) : null;

    /// <summary>The index of the first mapping that differs; -1 for none.</summary>
    internal int FirstDifference(List<ObservedMapping> engine, List<ObservedMapping> kernel)
    {
        int most = Math.Max(engine.Count, kernel.Count);
        for (int i = 0; i < most; i++)
        {
            if (i >= engine.Count || i >= kernel.Count || engine[i].Range != kernel[i].Range || engine[i].Flags != kernel[i].Flags || !ShowSame(engine[i], kernel[i]))
                return i;
        }

        return -1;
    }

    /// <summary>The difference of the mappings at an index.</summary>
    internal static Difference DifferenceAt(int index, List<ObservedMapping> engine, List<ObservedMapping> kernel, string end = NothingMore) => new(
        "the mappings",
        index < engine.Count ? engine[index].ToString() : end,
        index < kernel.Count ? kernel[index].ToString() : end);

    /// <summary>True when both mappings allow the same and show the same where they overlap.</summary>
    internal bool ShowSame(in ObservedMapping engine, in ObservedMapping kernel) =>
        engine.Protection == kernel.Protection
        && engine.IsShared == kernel.IsShared
        && files.AreSame(engine.Object, kernel.File)
        && (engine.Object is null || unchecked(engine.FileOffset - engine.Range.Start.Value) == unchecked(kernel.FileOffset - kernel.Range.Start.Value));

    /// <summary>The first run of pages that differs, or null.</summary>
    internal static Difference? ComparePages(List<PageRun> engine, List<PageRun> kernel)
    {
        int most = Math.Max(engine.Count, kernel.Count);
        for (int i = 0; i < most; i++)
        {
            if (i >= engine.Count || i >= kernel.Count || engine[i].Range != kernel[i].Range || engine[i].Kinds != kernel[i].Kinds)
                return new Difference("the present pages", TextAt(engine, i), TextAt(kernel, i));
        }

        return null;
    }

    private static string TextAt(List<PageRun> runs, int index)
    {
        if (index >= runs.Count)
            return NothingMore;
        PageRun run = runs[index];
        return run.Kinds == PageKinds.None ? run.Range.ToString() : string.Create(CultureInfo.InvariantCulture, $"{run.Range} {run.Kinds}");
    }
}
