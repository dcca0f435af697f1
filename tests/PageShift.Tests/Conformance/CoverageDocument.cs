using System.Globalization;
using System.Text;

namespace PageShift.Tests.Conformance;

/// <summary>Writes docs/linux-coverage.md from the cases.</summary>
internal static class CoverageDocument
{
    internal const string File = "docs/linux-coverage.md";

    private const int MostNamed = 3;

    internal static string Write()
    {
        ConformanceCase[] cases = [.. ConformanceFile.All.SelectMany(ConformanceFile.Read)];
        var text = new StringBuilder();
        text.Append("""
            # Linux coverage

            What the engine has of Linux's memory calls, call by call and flag by flag, and the case that shows it. Each case is text in
            `tests/PageShift.Tests/Conformance/cases`: calls from an empty address space with what they return and leave behind, proved on
            Linux 6.18 and run on the engine and on the kernel by the tests. This page is generated from them
            (`PAGESHIFT_REGENERATE=1 dotnet test --project tests/PageShift.Tests -- --filter-namespace PageShift.Tests.Conformance`),
            and a test fails when it is not up to date.


            """);
        foreach (IGrouping<string, CoverageRow> call in CoverageRows.All.GroupBy(row => row.Call))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {call.Key}\n\n| flag | the engine | shown by |\n|---|---|---|\n");
            foreach (CoverageRow row in call)
                text.Append(CultureInfo.InvariantCulture, $"| {(row.Flag.Length == 0 ? "" : $"`{row.Flag}`")} | {row.Status} | {Shown(row, cases)} |\n");
            text.Append('\n');
        }

        text.Append("## The rules\n");
        foreach (string file in ConformanceFile.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {ConformanceFile.SubjectOf(file)}\n\n");
            foreach (ConformanceCase one in ConformanceFile.Read(file))
                text.Append(CultureInfo.InvariantCulture, $"* `{one.Name}`: {one.Title}\n");
        }

        return text.ToString();
    }

    /// <summary>The cases that show a row.</summary>
    internal static IEnumerable<string> CasesOf(CoverageRow row, IEnumerable<ConformanceCase> cases) =>
        cases.Where(one => one.Calls().Values.Any(row.IsIn)).Select(one => one.Name);

    private static string Shown(CoverageRow row, ConformanceCase[] cases)
    {
        string[] names = [.. CasesOf(row, cases)];
        string more = names.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {names.Length - MostNamed} more") : "";
        return string.Join(", ", names.Take(MostNamed).Select(name => $"`{name}`")) + more;
    }
}
