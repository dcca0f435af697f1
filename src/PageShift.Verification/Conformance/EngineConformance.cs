using PageShift.Moving;

namespace PageShift.Verification.Conformance;

/// <summary>Runs cases on the engine.</summary>
internal static class EngineConformance
{
    /// <summary>The results of a case, one for each of its levels.</summary>
    internal static IEnumerable<ConformanceResult> Run(ConformanceCase one)
    {
        var exported = new ExportedCase(one);
        using EngineWorld world = new(MovePolicy.PageShift, one);
        string[] found = ConformanceRendering.Render(one, world).Split('\n');
        var failures = new Dictionary<CaseLevels, ConformanceResult>();
        string[] lines = [.. one.Lines];
        int index = -1;
        foreach ((CaseStep step, CaseLevels levels) in exported.LevelsOfSteps())
        {
            index = Array.IndexOf(lines, step.Line, index + 1);
            foreach (CaseLevels level in Each(levels).Where(level => found[index] != step.Line))
                failures.TryAdd(level, new ConformanceResult(one.Name, level, ConformanceOutcome.Failed) { Line = step.Line, Expected = step.Line, Found = found[index] });
        }

        return Each(exported.Levels).Select(level => failures.GetValueOrDefault(level) ?? new ConformanceResult(one.Name, level, ConformanceOutcome.Passed));
    }

    /// <summary>The single levels in a set of them.</summary>
    internal static IEnumerable<CaseLevels> Each(CaseLevels levels) => Enum.GetValues<CaseLevels>().Where(level => level != CaseLevels.None && levels.HasFlag(level));
}
