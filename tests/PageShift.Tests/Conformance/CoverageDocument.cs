using System.Globalization;
using System.Text;
using PageShift.SystemCalls;
using PageShift.Verification.Conformance;

namespace PageShift.Tests.Conformance;

/// <summary>Writes docs/linux-coverage.md from the cases.</summary>
internal static class CoverageDocument
{
    internal const string File = "docs/linux-coverage.md";

    private const int MostNamed = 3;
    private const int MostColumns = 120;

    internal static string Write()
    {
        ConformanceCase[] cases = [.. ConformanceSuite.Cases];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Linux coverage

            After this page you can look up for any memory call and flag whether the engine has it, and which case shows it.

            *Supported* means: as on Linux 6.18, errors included. *Ignored* means: accepted without an effect. *Different* says what
            the engine does instead. The rules behind it are in [Linux's rules](linux-rules.md).

            A case is text that you can read and that the tests run: calls from an empty address space, with what they return and
            leave behind. The {cases.Length} cases are in [`{ConformanceSuite.Folder}`](../{ConformanceSuite.Folder}).
            Each runs on the running kernel, which is the judge, and on the engine under every policy. Two things are shown elsewhere:
            the limit of {65530.ToString("n0", CultureInfo.InvariantCulture)} mappings in `tests/PageShift.Tests/Lockstep/MapCountTests.cs`, and what a move costs in
            `tests/PageShift.Tests/Linux/SectionSevenTests.cs`.

            {Wrapped(NotSupported())}

            This page is generated from the cases (`PAGESHIFT_REGENERATE=1 ./test --filter-namespace PageShift.Tests.Conformance`).
            A test fails when it is out of date.



            """);
        foreach (IGrouping<string, CoverageRow> call in CoverageRows.All.GroupBy(row => row.Call))
        {
            text.Append(CultureInfo.InvariantCulture, $"## {call.Key}\n\n| flag | the engine | shown, among others, by |\n|---|---|---|\n");
            foreach (CoverageRow row in call)
                text.Append(CultureInfo.InvariantCulture, $"| {(row.Flag.Length == 0 ? "the call itself" : $"`{row.Flag}`")} | {row.Status} | {Shown(row, cases)} |\n");
            text.Append('\n');
        }

        text.Append("## The rules\n");
        foreach (string file in ConformanceSuite.Files)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {ConformanceSuite.SubjectOf(file)}\n\nIn [{file}](../{ConformanceSuite.Folder}/{file}).\n\n");
            foreach (ConformanceCase one in ConformanceSuite.Read(file))
                text.Append(Item($"`{one.Name}`: {one.Title}"));
        }

        return text.ToString();
    }

    /// <summary>The cases that show a row: first those about its own call, and of them those with the fewest calls, which show it best.</summary>
    internal static IEnumerable<string> CasesOf(CoverageRow row, IEnumerable<ConformanceCase> cases) =>
        cases.Select(one => (Case: one, Calls: one.Calls().Values))
            .Where(one => one.Calls.Any(row.IsIn))
            .OrderByDescending(one => one.Case.Name.StartsWith($"{row.Call}_", StringComparison.Ordinal))
            .ThenBy(one => one.Calls.Count(call => !row.IsIn(call)))
            .Select(one => one.Case.Name);

    /// <summary>The calls that the table only knows of, and what no call of its own stands for.</summary>
    private static string NotSupported() =>
        $"Not supported: {string.Join(", ", SystemCallTable.All.Where(call => !call.IsModelled).Select(call => $"`{call.Name}`"))}; names of mappings (`PR_SET_VMA`), `userfaultfd`, `pkey_alloc`, pages of hugetlbfs, large pages of files, swap and reclaim.";

    /// <summary>An item of a list, in lines of prose's length.</summary>
    private static string Item(string sentence) => $"{Wrapped($"* {sentence}", "  ")}\n";

    /// <summary>Text in lines of prose's length.</summary>
    private static string Wrapped(string words, string indent = "")
    {
        var text = new StringBuilder();
        int column = 0;
        foreach (string word in words.Split(' '))
        {
            string before = column == 0 ? "" : column + 1 + word.Length > MostColumns ? $"\n{indent}" : " ";
            text.Append(before).Append(word);
            column = (before.StartsWith('\n') ? indent.Length : column + before.Length) + word.Length;
        }

        return text.ToString();
    }

    private static string Shown(CoverageRow row, ConformanceCase[] cases) =>
        string.Join(", ", CasesOf(row, cases).Take(MostNamed).Select(name => $"`{name}`"));
}
