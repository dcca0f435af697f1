using System.Globalization;
using PageShift.Cli.Words;
using PageShift.Verification.Conformance;

namespace PageShift.Cli.Output;

/// <summary>The results of the conformance suite: for people, and as TAP 14.</summary>
internal static class ConformText
{
    /// <summary>The failures, each with its rule, and the counts by level.</summary>
    internal static void Write(string where, IReadOnlyList<ConformanceResult> results, IReadOnlyDictionary<string, ExportedCase> cases)
    {
        foreach (ConformanceResult failure in results.Where(result => result.Outcome == ConformanceOutcome.Failed))
        {
            Console.WriteLine($"{NameOf(failure.Level)}: {failure.Case}");
            foreach ((string name, string value) in PairsOf(failure, cases))
                Console.WriteLine($"  {name + ":",-10}{value}");
            Console.WriteLine();
        }

        Console.WriteLine($"{where}: {Describe.Count(cases.Count, "case")} of pageshift conform, passed of applicable by level");
        foreach (IGrouping<CaseLevels, ConformanceResult> level in results.GroupBy(result => result.Level).OrderBy(group => group.Key))
        {
            int passed = level.Count(result => result.Outcome == ConformanceOutcome.Passed), applicable = level.Count(result => result.Outcome != ConformanceOutcome.NotApplicable);
            string others = applicable == level.Count() ? "" : string.Create(CultureInfo.InvariantCulture, $" ({level.Count() - applicable} not applicable)");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {NameOf(level.Key),-10} {passed,4} of {applicable,4}{others}"));
        }

        foreach (IGrouping<string, ConformanceResult> reason in results.Where(result => result.Reason is not null).GroupBy(result => result.Reason!).OrderByDescending(group => group.Count()))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  not applicable, {reason.Count()}: {reason.Key}"));
    }

    /// <summary>One test point for each level of each case.</summary>
    internal static void WriteTap(IReadOnlyList<ConformanceResult> results, IReadOnlyDictionary<string, ExportedCase> cases)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"TAP version 14\n1..{results.Count}"));
        for (int i = 0; i < results.Count; i++)
        {
            ConformanceResult result = results[i];
            string skip = result.Reason is { } reason ? $" # SKIP {reason}" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(result.Outcome == ConformanceOutcome.Failed ? "not ok" : "ok")} {i + 1} - {NameOf(result.Level)}: {result.Case}{skip}"));
            if (result.Outcome != ConformanceOutcome.Failed)
                continue;
            Console.WriteLine("  ---");
            foreach ((string name, string value) in PairsOf(result, cases))
                Console.WriteLine($"  {name}: \"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
            Console.WriteLine("  ...");
        }
    }

    /// <summary>A level's name in output.</summary>
    internal static string NameOf(CaseLevels level) => level.ToString().ToLowerInvariant();

    private static IEnumerable<(string Name, string Value)> PairsOf(ConformanceResult failure, IReadOnlyDictionary<string, ExportedCase> cases)
    {
        ExportedCase one = cases[failure.Case];
        (string Name, string? Value)[] pairs =
        [
            ("line", failure.Line), ("after", failure.After), ("expected", failure.Expected), ("found", failure.Found), ("rule", one.Rule), ("source", one.Source), ("matters", one.Matters),
        ];
        return pairs.Where(pair => pair.Value is not null).Select(pair => (pair.Name, pair.Value!));
    }
}
