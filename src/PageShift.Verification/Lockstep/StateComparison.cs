using System.Globalization;
using PageShift.Calls.Execution;
using PageShift.Linux;

namespace PageShift.Verification;

/// <summary>Compares what the two sides hold.</summary>
internal sealed class StateComparison
{
    private readonly Dictionary<ulong, ulong> _kernelFiles = [];

    /// <summary>What differs, or null.</summary>
    internal Difference? Compare(SpaceSnapshot engine, SpaceSnapshot kernel) =>
        CompareMappings(engine.Mappings, kernel.Mappings) ?? ComparePages(engine.Pages, kernel.Pages);

    private Difference? CompareMappings(List<ObservedMapping> engine, List<ObservedMapping> kernel)
    {
        for (int i = 0; i < Math.Max(engine.Count, kernel.Count); i++)
        {
            if (i >= engine.Count || i >= kernel.Count || !AreEqual(engine[i], kernel[i]))
                return new Difference("the mappings", TextAt(engine, i), TextAt(kernel, i));
        }

        return null;
    }

    private bool AreEqual(in ObservedMapping engine, in ObservedMapping kernel)
    {
        return engine.Range == kernel.Range
            && engine.Protection == kernel.Protection
            && engine.IsShared == kernel.IsShared
            && engine.FileOffset == kernel.FileOffset
            && engine.Flags == kernel.Flags
            && ShowSame(engine.FileKey, kernel.FileKey);
    }

    /// <summary>Each side numbers objects its own way; what was equal once must stay so.</summary>
    private bool ShowSame(ulong engineKey, ulong kernelKey)
    {
        if (engineKey == 0 || kernelKey == 0)
            return engineKey == kernelKey;
        if (_kernelFiles.TryGetValue(engineKey, out ulong known))
            return known == kernelKey;
        _kernelFiles.Add(engineKey, kernelKey);
        return true;
    }

    private static Difference? ComparePages(List<PageRun> engine, List<PageRun> kernel)
    {
        for (int i = 0; i < Math.Max(engine.Count, kernel.Count); i++)
        {
            if (i >= engine.Count || i >= kernel.Count || engine[i].Range != kernel[i].Range || engine[i].Kinds != kernel[i].Kinds)
                return new Difference("the present pages", TextAt(engine, i), TextAt(kernel, i));
        }

        return null;
    }

    private static string TextAt(List<ObservedMapping> mappings, int index) =>
        index < mappings.Count ? mappings[index].ToString() : "nothing more";

    private static string TextAt(List<PageRun> runs, int index) => index < runs.Count
        ? string.Create(CultureInfo.InvariantCulture, $"{runs[index].Range} {runs[index].Kinds}")
        : "nothing more";
}
