using System.Text.RegularExpressions;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The house's rules for its prose, as far as a machine can see them.</summary>
public sealed partial class LanguageRulesTests
{
    private const int MostReadmeLines = 150;

    /// <summary>Prose ends at about 120 columns. What is longer than this is longer by more than one word.</summary>
    private const int MostColumns = 140;

    private static IEnumerable<string> TextFiles => Repository.Files().Where(f => !f.EndsWith(".png", StringComparison.Ordinal));

    private static IEnumerable<string> Documents => Repository.Files().Where(f => f.EndsWith(".md", StringComparison.Ordinal));

    private static IEnumerable<string> Scripts => Repository.Files().Where(f => f is "test" or "pageshift" || f.StartsWith(".ci/", StringComparison.Ordinal));

    [Fact]
    public void The_source_is_called_an_email_everywhere()
    {
        string[] naming = [.. TextFiles.Where(f => OldName().IsMatch(File.ReadAllText(Repository.Path(f))))];

        Assert.Empty(naming);
    }

    [Fact]
    public void Numbers_are_told_as_numbers_and_in_the_English_of_today()
    {
        string[] turned = [.. TextFiles.SelectMany(f => OldPhrase().Matches(File.ReadAllText(Repository.Path(f))).Select(m => $"{f}: {m.Value}"))];

        Assert.Empty(turned);
    }

    [Fact]
    public void The_readme_is_short()
    {
        Assert.InRange(File.ReadLines(Repository.Path("README.md")).Count(), 1, MostReadmeLines);
    }

    [Fact]
    public void Lines_of_prose_are_short()
    {
        Assert.Empty(Documents.SelectMany(Prose));
        Assert.Empty(Scripts.SelectMany(f => Long(f, File.ReadLines(Repository.Path(f)).Where(line => line.TrimStart().StartsWith('#')))));
    }

    /// <summary>The lines of a document that are too long. Tables and lines that are one link have the length that they need; commands are continued.</summary>
    private static IEnumerable<string> Prose(string document) =>
        Long(document, File.ReadLines(Repository.Path(document)).Where(line => !line.StartsWith('|') && !OneLink().IsMatch(line)));

    private static IEnumerable<string> Long(string file, IEnumerable<string> lines) => lines.Where(line => line.Length > MostColumns).Select(line => $"{file}: {line}");

    // Neither pattern matches its own text.
    [GeneratedRegex(@"\b(the|a|this)[ _]mail(s|'s)?\b", RegexOptions.IgnoreCase)]
    private static partial Regex OldName();

    [GeneratedRegex(@"\btimes[ ]fewer\b|\btook[ ]the[ ]kernel\b|\bto[ ]be[ ]had\b|\bbrings?[ ]forth\b|\bon[ ]their[ ]way[ ]with\b|\bwho[ ]moves[ ]that\b", RegexOptions.IgnoreCase)]
    private static partial Regex OldPhrase();

    [GeneratedRegex(@"^\s*([*-] )?!?\[.*\]\(\S+\)\.?$")]
    private static partial Regex OneLink();
}
