using System.Text.RegularExpressions;
using PageShift.Tests.Tracing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>The programs of docs/conformance-differences.md print on the kernel that has proved the cases what the page says of Linux.</summary>
public sealed partial class DifferencesTests
{
    [Fact]
    public void The_programs_print_what_the_page_says_of_linux()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cc"), "there is no C compiler.");
        string? reason = LockstepSurroundings.ReasonAgainstCases();
        Assert.SkipWhen(reason is not null, reason ?? "");
        (int status, string output) = CProgram.Run("/usr/bin/env", "python3", Repository.Path("build/conformance-differences"));
        Assert.Equal(0, status);
        Dictionary<string, string> page = Rows(File.ReadAllText(Repository.Path("docs/conformance-differences.md"))), here = Rows(output);
        Assert.NotEmpty(page);
        Assert.Equal(page, here);
    }

    [Fact]
    public void Every_difference_names_programs_that_are_there()
    {
        string page = File.ReadAllText(Repository.Path("docs/conformance-differences.md"));
        HashSet<string> programs = [.. Heading().Matches(page).Select(match => match.Groups[1].Value)];
        string lists = page[..page.IndexOf("## Linux itself", StringComparison.Ordinal)];
        string[] named = [.. Named().Matches(lists).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, programs));
        Assert.Equal(programs.Order(), Rows(page).Keys.Order());
    }

    /// <summary>What Linux prints, the first column of the table, by the program's name.</summary>
    private static Dictionary<string, string> Rows(string text) =>
        Row().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    [GeneratedRegex(@"^\| `([a-z_]+)` \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^### ([a-z_]+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("`([a-z]+_[a-z_]+|noreplace|remove|guard|populate|seal|deduplication)`")]
    private static partial Regex Named();
}
